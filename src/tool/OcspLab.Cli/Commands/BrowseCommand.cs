using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Lab.Browsers;
using OcspLab.Lab.Topology;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab browse</c>.</summary>
internal static class BrowseCommand
{
    public static Command Create(LabOptions options)
    {
        var browser = new Argument<string>("BROWSER") { Description = "firefox or chromium." };
        browser.AcceptOnlyFromAmong("firefox", "chromium");
        var port = new Argument<int>("PORT")
        {
            Description = $"The port on 127.0.0.1 that serves {LabTopology.SiteHost}.",
        };
        port.Validators.Add(result =>
        {
            if (
                result.Tokens is [var token]
                && !(int.TryParse(token.Value, out var number) && number is > 0 and < 65536)
            )
                result.AddError($"PORT is a port, 1 to 65535, not '{token.Value}'.");
        });
        var output = new Option<FileInfo?>("--out")
        {
            Description = "Keep a picture of the page, as PNG.",
            HelpName = "FILE",
        };
        var command = new Command(
            "browse",
            "Open the lab's site in a real browser with an empty profile that trusts the lab's root; say what it says."
        )
        {
            browser,
            port,
            output,
        }.WithHelp(
            """
            Examples:
              ocsplab browse firefox 8443
              ocsplab browse chromium 9443 --out page.png
            Exits with 0 when the page is there and with 1 when the browser refuses it.
            """
        );
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.ReadExisting(arguments);
                var root = topology.CreatePki(TimeProvider.System).Root.Certificate;
                if (!File.Exists(root))
                    throw new LabException(
                        $"There is no lab in {topology.Directory}. Make one with 'ocsplab pki init', or name its "
                            + $"folder with --lab.",
                        LabFailure.Usage
                    );
                var chosen = Browsers
                    .All(TimeProvider.System)
                    .First(known => known.Name == arguments.GetValue(browser));
                var visit = await chosen
                    .VisitAsync(
                        new Uri($"https://{LabTopology.SiteHost}:{arguments.GetValue(port)}/"),
                        root,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                if (arguments.GetValue(output) is { } file)
                    await File.WriteAllBytesAsync(file.FullName, visit.Picture, cancellationToken)
                        .ConfigureAwait(false);
                Console.Out.WriteLine($"{visit.Browser}: {visit.Error ?? "the page is there"}");
                return visit.Error is null ? ExitCodes.Good : ExitCodes.Revoked;
            }
        );
        return command;
    }
}
