using System.CommandLine;
using System.ComponentModel;
using OcspLab.Lab;
using OcspLab.Pki;
using OcspLab.Probe;

namespace OcspLab.Cli.CommandLine;

/// <summary>
/// Runs a command line: errors on one line of standard error, exit codes of the contract, Ctrl-C with time to clean up.
/// </summary>
public static class CommandRunner
{
    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        ArgumentNullException.ThrowIfNull(root);
        HelpExamples.Show(root);
        try
        {
            var parsed = root.Parse(args);
            if (parsed.Errors.Count > 0)
            {
                foreach (var error in parsed.Errors)
                    await Console.Error.WriteLineAsync($"{root.Name}: {OneLine(error.Message)}").ConfigureAwait(false);
                await Console
                    .Error.WriteLineAsync(OwnCommand.In($"See '{Path(parsed)} --help'."))
                    .ConfigureAwait(false);
                return ExitCodes.Usage;
            }

            return await parsed
                .InvokeAsync(
                    new InvocationConfiguration
                    {
                        EnableDefaultExceptionHandler = false,
                        ProcessTerminationTimeout = TimeSpan.FromSeconds(20),
                    }
                )
                .ConfigureAwait(false);
        }
        catch (LabException exception)
        {
            return Fail(root, exception.Message, ExitCodes.Of(exception.Failure));
        }
        catch (ProbeException exception)
        {
            return Fail(root, exception.Message, ExitCodes.Unreachable);
        }
        catch (PkiException exception)
        {
            return Fail(
                root,
                exception.Message,
                exception.InnerException is IOException or UnauthorizedAccessException
                    ? ExitCodes.CannotCreate
                    : ExitCodes.Configuration
            );
        }
        catch (HttpRequestException exception)
        {
            return Fail(
                root,
                exception.StatusCode is null ? $"the lab does not answer: {exception.Message}" : exception.Message,
                ExitCodes.Unreachable
            );
        }
        catch (Win32Exception exception)
        {
            return Fail(root, exception.Message, ExitCodes.Unreachable);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail(root, exception.Message, ExitCodes.CannotCreate);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (InvalidOperationException exception)
            when (exception.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal))
        {
            // Of a check that looks at a value which is none.
            return Fail(root, OneLine(exception.Message.Split(" as expected type")[0]) + ".", ExitCodes.Usage);
        }
        catch (Exception exception) when (Environment.GetEnvironmentVariable("OCSPLAB_TRACE") is null)
        {
            return Fail(
                root,
                $"this should not have happened: {exception.GetType().Name}: {OneLine(exception.Message)} Set "
                    + $"OCSPLAB_TRACE=1 to see where, and report it.",
                ExitCodes.Defect
            );
        }
    }

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static int Fail(RootCommand root, string message, int exitCode)
    {
        Console.Error.WriteLine($"{root.Name}: {OwnCommand.In(message)}");
        return exitCode;
    }

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (
            System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult;
            at is System.CommandLine.Parsing.CommandResult command;
            at = at.Parent
        )
            names.Insert(0, command.Command.Name);
        return string.Join(' ', names);
    }

    // 128 + SIGINT, as shells have it.
    private const int Interrupted = 130;
}
