using Spectre.Console;
using Spectre.Console.Rendering;

namespace OcspLab.Cli.CommandLine;

/// <summary>Where tables go.</summary>
public static class Terminal
{
    private const int PipeWidth = 240;

    /// <summary>The columns of a line on standard output; when that is no terminal, as many as anybody needs.</summary>
    public static int Width => Console.IsOutputRedirected ? PipeWidth : AnsiConsole.Profile.Width;

    /// <summary>
    /// Writes to standard output; when that is no terminal, in whole lines without padding, for what reads them.
    /// </summary>
    public static void Write(IRenderable content)
    {
        if (!Console.IsOutputRedirected)
        {
            AnsiConsole.Write(content);
            return;
        }

        using var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(text),
            }
        );
        console.Profile.Width = PipeWidth;
        console.Write(content);
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
            Console.Out.WriteLine(line.TrimEnd());
    }
}
