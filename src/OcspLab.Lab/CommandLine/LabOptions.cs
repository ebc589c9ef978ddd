using System.CommandLine;
using OcspLab.Pki;

namespace OcspLab.Lab;

/// <summary>The options that describe a lab, the same for every command and for the AppHost.</summary>
public sealed class LabOptions
{
    private static readonly LabPorts DefaultPorts = new();

    /// <summary><c>--lab</c>.</summary>
    public Option<DirectoryInfo> Lab { get; } = new("--lab")
    {
        Description = "The lab's folder; everything in it is the lab's own and safe to delete.",
        HelpName = "DIR",
        Recursive = true,
        DefaultValueFactory = _ => new DirectoryInfo(".lab"),
    };

    private readonly Option<string> _nginx = Choice("--nginx", "Where nginx comes from.", "auto", "auto", "container", "process", "off");
    private readonly Option<string> _ocspUrl = Choice("--ocsp-url", "Whether certificates name the responder.", "yes", "yes", "none");
    private readonly Option<string?> _key = new("--key") { Description = "The kind of key of the certificates: rsa or ecdsa. Without it what is there is kept.", HelpName = "rsa|ecdsa" };
    private readonly Option<int> _dns = Port("--dns-port", "name server (UDP and TCP)", DefaultPorts.Dns);
    private readonly Option<int> _responder = Port("--responder-port", "OCSP responder", DefaultPorts.Responder);
    private readonly Option<int> _admin = Port("--responder-admin-port", "responder's admin API", DefaultPorts.ResponderAdmin);
    private readonly Option<int> _nginxPort = Port("--nginx-port", "nginx", DefaultPorts.Nginx);
    private readonly Option<int> _kestrel = Port("--kestrel-port", "Kestrel with this project's stapling", DefaultPorts.Kestrel);
    private readonly Option<int> _builtIn = Port("--kestrel-builtin-port", "Kestrel with .NET's built-in stapling", DefaultPorts.KestrelBuiltIn);

    /// <summary>Makes the options.</summary>
    public LabOptions() => _key.AcceptOnlyFromAmong("rsa", "ecdsa");

    /// <summary>Adds all of them to a command that brings a lab up.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        AddCertificateOptionsTo(command);
        foreach (var option in (ReadOnlySpan<Option>)[_nginx, _dns, _admin, _nginxPort, _kestrel, _builtIn])
            command.Options.Add(option);
    }

    /// <summary>Adds those that certificates depend on.</summary>
    public void AddCertificateOptionsTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var option in (ReadOnlySpan<Option>)[_key, _ocspUrl, _responder])
            command.Options.Add(option);
    }

    /// <summary>The lab that a command line describes.</summary>
    public LabTopology Read(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new LabTopology
        {
            Directory = arguments.GetValue(Lab)!.FullName,
            NginxSource = Enum.Parse<NginxSource>(ValueOr(arguments, _nginx, "auto"), ignoreCase: true),
            OcspInCertificates = ValueOr(arguments, _ocspUrl, "yes") == "none" ? OcspInCertificates.No : OcspInCertificates.Yes,
            KeyAlgorithm = arguments.GetResult(_key) is null || arguments.GetValue(_key) is not { } key ? null : Enum.Parse<KeyAlgorithm>(key, ignoreCase: true),
            Ports = new LabPorts
            {
                Dns = ValueOr(arguments, _dns, DefaultPorts.Dns),
                Responder = ValueOr(arguments, _responder, DefaultPorts.Responder),
                ResponderAdmin = ValueOr(arguments, _admin, DefaultPorts.ResponderAdmin),
                Nginx = ValueOr(arguments, _nginxPort, DefaultPorts.Nginx),
                Kestrel = ValueOr(arguments, _kestrel, DefaultPorts.Kestrel),
                KestrelBuiltIn = ValueOr(arguments, _builtIn, DefaultPorts.KestrelBuiltIn),
            },
        };
    }

    // A command need not have every option.
    private static T ValueOr<T>(ParseResult arguments, Option<T> option, T otherwise) =>
        arguments.GetResult(option) is null ? otherwise : arguments.GetValue(option)!;

    private static Option<string> Choice(string name, string description, string @default, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', values), DefaultValueFactory = _ => @default };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static Option<int> Port(string name, string whose, int @default)
    {
        var option = new Option<int>(name) { Description = $"Port of the {whose}.", HelpName = "PORT", DefaultValueFactory = _ => @default };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, out var port) && port is > 0 and < 65536))
                result.AddError($"{name} is a port, 1 to 65535, not '{result.Tokens[0].Value}'.");
        });
        return option;
    }
}
