using System.Globalization;
using OcspLab.Cli.CommandLine;
using OcspLab.Probe;
using Spectre.Console;

namespace OcspLab.Cli.Verdicts;

/// <summary>All that a handshake showed of a server, for people: the verdict first, then what it rests on.</summary>
internal static class InspectPage
{
    public static void Show(StapleReport report, DateTimeOffset now)
    {
        Terminal.Write(Staple(report, now));
        foreach (var (certificate, index) in report.Chain.Select((certificate, index) => (certificate, index)))
        {
            Console.Out.WriteLine();
            Terminal.Write(Certificate(certificate, index, report, now));
        }

        Console.Out.WriteLine();
        var grid = Grid();
        // Of a long page one sees the end.
        if (report.Advice.Count == 0)
            VerdictTable.Row(grid, "so", $"{report.Staple.Word}, nothing to mend");
        foreach (var (advice, index) in report.Advice.Select((advice, index) => (advice, index)))
            VerdictTable.Row(grid, index == 0 ? "advice" : "", advice);
        Terminal.Write(grid);
    }

    private static Grid Staple(StapleReport report, DateTimeOffset now)
    {
        var (grid, staple) = (Grid(), report.Staple);
        if (!report.IsForName)
            VerdictTable.Row(grid, "name", "the certificate is for another name: clients refuse it");
        VerdictTable.Verdict(grid, "staple", staple);
        VerdictTable.Row(
            grid,
            "handshake",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Handshake.Protocol}, {report.Handshake.Cipher}, {report.Handshake.Milliseconds:0.0} ms"
            )
        );
        VerdictTable.Row(grid, "must-staple", report.MustStaple ? "yes" : "no");
        if (!report.IsTrustChecked)
            VerdictTable.Row(grid, "trust", "not checked: the chain is taken at its word (--ca FILE checks it)");
        return VerdictTable.Facts(grid, staple, now);
    }

    private static Grid Certificate(CertificateReport certificate, int index, StapleReport report, DateTimeOffset now)
    {
        var grid = Grid();
        VerdictTable.Row(grid, string.Create(CultureInfo.InvariantCulture, $"chain {index}"), certificate.Subject);
        VerdictTable.Row(
            grid,
            "issued by",
            certificate.Issuer == certificate.Subject
                ? "itself"
                : certificate.Issuer + (IssuerFollows(report, index) ? "" : ", which is not sent next")
        );
        VerdictTable.Row(grid, "names", certificate.Names.Count == 0 ? null : string.Join(", ", certificate.Names));
        VerdictTable.Row(grid, "key", $"{certificate.Key}, signed with {certificate.Signature}");
        VerdictTable.Row(
            grid,
            "valid",
            $"{VerdictTable.At(certificate.NotBefore)} to {VerdictTable.At(certificate.NotAfter)}, "
                + LifeLeft(certificate, now)
        );
        VerdictTable.Row(
            grid,
            "responder",
            certificate.Responders.Count == 0 ? "none is named" : string.Join(", ", certificate.Responders)
        );
        VerdictTable.Row(grid, "own staple", certificate.StapleBytes is { } size ? $"{size} bytes" : "none");
        return grid;
    }

    // The last one's issuer is the root, which clients have.
    private static bool IssuerFollows(StapleReport report, int index) =>
        index + 1 == report.Chain.Count || report.Chain[index + 1].Subject == report.Chain[index].Issuer;

    private static Grid Grid() => new Grid().AddColumn(new GridColumn().NoWrap().Width(12).PadRight(2)).AddColumn();

    private static string LifeLeft(CertificateReport certificate, DateTimeOffset now)
    {
        if (certificate.NotBefore > now)
            return "not yet";
        return certificate.NotAfter > now ? $"{VerdictTable.Span(certificate.NotAfter - now)} left" : "over";
    }
}
