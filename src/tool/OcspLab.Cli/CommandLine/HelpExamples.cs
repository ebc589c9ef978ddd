using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace OcspLab.Cli.CommandLine;

/// <summary>
/// What a command's own <c>--help</c> shows below the options; the list of commands keeps its one line each.
/// </summary>
public static class HelpExamples
{
    private static readonly ConditionalWeakTable<Command, string> Texts = [];

    /// <summary>Gives a command its text.</summary>
    public static T WithHelp<T>(this T command, string text)
        where T : Command
    {
        Texts.AddOrUpdate(command, text);
        return command;
    }

    /// <summary>Makes the help of <paramref name="root"/> and all its commands show their texts.</summary>
    internal static void Show(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new Help((HelpAction)option.Action!);
    }

    private sealed class Help(HelpAction inner) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = inner.Invoke(parseResult);
            if (Texts.TryGetValue(parseResult.CommandResult.Command, out var text))
                parseResult.InvocationConfiguration.Output.WriteLine(text + "\n");
            return result;
        }
    }
}
