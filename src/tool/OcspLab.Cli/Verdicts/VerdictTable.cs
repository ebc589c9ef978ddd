using System.Globalization;
using OcspLab.Cli.CommandLine;
using OcspLab.Probe;
using Spectre.Console;

namespace OcspLab.Cli.Verdicts;

/// <summary>A verdict for people.</summary>
internal static class VerdictTable
{
    public static void Show(StapleVerdict verdict, DateTimeOffset now)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        Verdict(grid, "response", verdict);
        Terminal.Write(Facts(grid, verdict, now));
    }

    /// <summary>What it comes to, and where it is no good which rule says so.</summary>
    public static void Verdict(Grid grid, string what, StapleVerdict verdict)
    {
        grid.AddRow(what, $"[{(verdict.Verdict == StapleVerdictKind.Good ? "green" : "red")}]{verdict.Word}[/]");
        Row(
            grid,
            "",
            verdict.Reason is null
                ? null
                : $"{verdict.Reason}: {verdict.Detail}{(verdict.Section is null ? "" : $" ({verdict.Section})")}"
        );
    }

    /// <summary>What a response says, if anything, below what the grid has already.</summary>
    public static Grid Facts(Grid grid, StapleVerdict verdict, DateTimeOffset now)
    {
        Row(grid, "this update", At(verdict.ThisUpdate));
        Row(grid, "next update", At(verdict.NextUpdate));
        Row(grid, "life", Life(verdict, now));
        Row(grid, "produced", At(verdict.ProducedAt));
        Row(
            grid,
            "revoked",
            verdict.RevokedAt is { } revokedAt
                ? $"{At(revokedAt)}, {verdict.RevocationReason ?? "no reason given"}"
                : null
        );
        Row(grid, "signed by", verdict.Signer);
        Row(grid, "responder id", verdict.ResponderId);
        Row(grid, "serial", verdict.SerialNumber);
        return grid;
    }

    /// <summary>How much of a response's life is over, as a bar, or null where it has no such life.</summary>
    public static string? Life(StapleVerdict verdict, DateTimeOffset now)
    {
        if (verdict is not { ThisUpdate: { } from, NextUpdate: { } until } || until <= from)
            return null;
        var gone = Math.Clamp((now - from) / (until - from), 0, 1);
        var full = (int)Math.Round(gone * BarLength);
        var left = until - now;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{new string('█', full)}{new string('░', BarLength - full)} "
                + $"{gone:0%}{(left > TimeSpan.Zero ? $", {Span(left)} left" : ", over")}"
        );
    }

    /// <summary>A length of time in its largest unit.</summary>
    public static string Span(TimeSpan span) =>
        span switch
        {
            { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} days"),
            { TotalHours: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0} hours"),
            { TotalMinutes: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} minutes"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0} seconds"),
        };

    public static void Row(Grid grid, string name, string? value)
    {
        // Much of it comes from strangers: nothing of theirs steers the terminal.
        if (value is not null)
            grid.AddRow(name, Markup.Escape(Harmless(value)));
    }

    /// <summary>Text without what steers a terminal.</summary>
    public static string Harmless(string text) =>
        string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter));

    public static string? At(DateTimeOffset? instant) =>
        instant?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private const int BarLength = 30;
}
