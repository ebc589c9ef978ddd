using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OcspLab.Cli.CommandLine;
using OcspLab.Dns;
using OcspLab.Lab;
using OcspLab.Responder.Hosting;

namespace OcspLab.Cli.Serving;

/// <summary>
/// <c>ocsplab responder service</c> and <c>ocsplab dns</c>: the lab's services one by one, for an orchestrator. Their
/// settings come from the environment or the command line, as ASP.NET Core has them.
/// </summary>
internal static class ServiceCommands
{
    /// <summary>The responder with its admin API.</summary>
    public static Command Responder() =>
        Create(
            "service",
            "The responder with its admin API, as a service that settings describe: docs/responder.md has them.",
            """
            Examples:
              Responder__Port=8888 Responder__Authorities__ca__Database=ca.db … ocsplab responder service
              ocsplab responder service Responder:Port=8888 Responder:Authorities:ca:Database=ca.db …
              ocsplab responder service --config responder.json
            """,
            (settings, config) => ResponderService.Create(settings, builder => Read(builder.Configuration, config))
        );

    /// <summary>The name server.</summary>
    public static Command Dns() =>
        Create(
            "dns",
            "A small name server, UDP and TCP: every name that it has is this machine.",
            """
            Example:
              ocsplab dns Dns:Port=5533 Dns:Zones=shop.test Dns:Names=shop.test,ocsp.shop.test
            """,
            (settings, config) => DnsService.Create(settings, builder => Read(builder.Configuration, config))
        );

    // Before everything else: the environment and the command line say it better.
    private static void Read(ConfigurationManager configuration, string? file)
    {
        if (file is not null)
            ((IConfigurationBuilder)configuration).Sources.Insert(
                0,
                new JsonConfigurationSource
                {
                    FileProvider = new PhysicalFileProvider(Path.GetDirectoryName(file)!),
                    Path = Path.GetFileName(file),
                    Optional = false,
                }
            );
    }

    private static Command Create(string name, string description, string help, Func<string[], string?, IHost> create)
    {
        var settings = new Argument<string[]>("SETTING=VALUE")
        {
            Description = "A setting, with colons between its sections.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        settings.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.StartsWith('-') || !token.Value.Contains('=', StringComparison.Ordinal))
                    result.AddError($"'{token.Value}' is not SETTING=VALUE.");
        });
        var config = new Option<FileInfo?>("--config")
        {
            Description = "JSON with the settings; what the environment and the command line say comes before it.",
            HelpName = "FILE",
        };
        var command = new Command(name, description) { settings, config }.WithHelp(help);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                try
                {
                    using var host = create(arguments.GetValue(settings) ?? [], arguments.GetValue(config)?.FullName);
                    await host.RunAsync(cancellationToken).ConfigureAwait(false);
                    return ExitCodes.Good;
                }
                catch (Exception exception)
                    when (exception
                            is OptionsValidationException
                                or InvalidOperationException
                                or InvalidDataException
                                or FileNotFoundException
                    )
                {
                    // A setting that is no value of its kind, or names a file that is none.
                    throw new LabException(exception.Message, LabFailure.Configuration, exception);
                }
            }
        );
        return command;
    }
}
