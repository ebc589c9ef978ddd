using System.Globalization;
using OcspLab.Lab;
using Spectre.Console;

namespace OcspLab.Cli;

/// <summary>A verdict for people.</summary>
internal static class VerdictTable
{
    public static void Show(StapleVerdict verdict) => Terminal.Write(Of("response", verdict));

    public static Grid Of(string what, StapleVerdict verdict)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        grid.AddRow(what, $"[{(verdict.ExitCode == ExitCodes.Good ? "green" : "red")}]{verdict.Verdict}[/]");
        Row(grid, "", verdict.Reason is null ? null : $"{verdict.Reason}: {verdict.Detail}");
        Row(grid, "this update", At(verdict.ThisUpdate));
        Row(grid, "next update", At(verdict.NextUpdate));
        Row(grid, "produced", At(verdict.ProducedAt));
        Row(grid, "revoked", verdict.RevokedAt is { } revokedAt ? $"{At(revokedAt)}, {verdict.RevocationReason ?? "no reason given"}" : null);
        Row(grid, "signed by", verdict.Signer);
        Row(grid, "responder id", verdict.ResponderId);
        Row(grid, "serial", verdict.SerialNumber);
        return grid;
    }

    public static void Row(Grid grid, string name, string? value)
    {
        // Much of it comes from strangers: nothing of theirs steers the terminal.
        if (value is not null)
            grid.AddRow(name, Markup.Escape(string.Concat(value.Select(letter => char.IsControl(letter) ? '?' : letter))));
    }

    public static string? At(DateTimeOffset? instant) => instant?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
