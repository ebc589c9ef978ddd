using Spectre.Console;

namespace OcspLab.Lab;

/// <summary>Where tables go.</summary>
public static class Terminal
{
    /// <summary>Standard output; wide when it is not a terminal, so that what reads it finds whole lines.</summary>
    public static IAnsiConsole Output()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
        if (Console.IsOutputRedirected)
            console.Profile.Width = 240;
        return console;
    }
}
