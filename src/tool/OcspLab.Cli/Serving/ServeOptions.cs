using System.CommandLine;
using System.Net;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab.Topology;

namespace OcspLab.Cli.Serving;

/// <summary><c>ocsplab responder</c> without a verb: a responder in this process.</summary>
internal static class ServeOptions
{
    private static readonly Option<int> Port = new("--port")
    {
        Description = "The port; 0 for any free one.",
        HelpName = "PORT",
        DefaultValueFactory = _ => new LabPorts().Responder,
    };
    private static readonly Option<string> Address = new("--address")
    {
        Description = "The address to listen on; 0.0.0.0 for every one.",
        HelpName = "IP",
        DefaultValueFactory = _ => "127.0.0.1",
    };
    private static readonly Option<bool> Quiet = new("--quiet")
    {
        Description = "Do not print a line for each request.",
    };

    public static void Configure(Command command, LabOptions options)
    {
        AuthorityArguments.AddTo(command);
        foreach (var option in (ReadOnlySpan<Option>)[Port, Address, Quiet])
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Address) is { Tokens: [var address] } && !IPAddress.TryParse(address.Value, out _))
                result.AddError($"--address is an IP address, not '{address.Value}'.");
            if (
                result.GetResult(Port) is { Tokens: [var port] }
                && !(int.TryParse(port.Value, out var number) && number is >= 0 and <= 65535)
            )
                result.AddError($"--port is a port, 0 to 65535, not '{port.Value}'.");
        });
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var authority = AuthorityArguments.Describe(arguments, options);
                var counts = await StandaloneResponder
                    .RunAsync(
                        IPAddress.Parse(arguments.GetValue(Address)!),
                        arguments.GetValue(Port),
                        authority,
                        responder => responder.Validity = AuthorityArguments.Validity(arguments) ?? responder.Validity,
                        Console.Out.WriteLine,
                        arguments.GetValue(Quiet) ? RequestLog.Silent : RequestLog.Printed,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                Console.Out.WriteLine(
                    counts.Count == 0
                        ? "nobody asked"
                        : "answered "
                            + string.Join(", ", counts.Select(count => $"{count.Count} {count.Method} {count.Outcome}"))
                );
                return ExitCodes.Good;
            }
        );
    }
}
