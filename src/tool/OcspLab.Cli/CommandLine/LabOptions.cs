using System.CommandLine;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Cli.CommandLine;

/// <summary>The options that describe a lab, the same for every command and for the AppHost.</summary>
public sealed class LabOptions
{
    private static readonly LabPorts DefaultPorts = new();

    /// <summary><c>--lab</c>.</summary>
    public Option<DirectoryInfo> Lab { get; } =
        new("--lab")
        {
            Description = "The lab's folder; everything in it is the lab's own and safe to delete.",
            HelpName = "DIR",
            Recursive = true,
            DefaultValueFactory = _ => new DirectoryInfo(".lab"),
        };

    private readonly Option<string> _nginx = Choice(
        "--nginx",
        "Where nginx comes from.",
        "auto",
        "auto",
        "container",
        "process",
        "off"
    );
    private readonly Option<string?> _nginxImage = new("--nginx-image")
    {
        Description =
            $"The image of nginx in a container. Default: {ContainedNginx.OfficialImage}, or the one that "
            + $"eng/nginx-image/build made.",
        HelpName = "IMAGE",
    };
    private readonly Option<string> _ocspUrl = Choice(
        "--ocsp-url",
        "Whether certificates name the responder.",
        "yes",
        "yes",
        "none"
    );
    private readonly Option<string?> _key = new("--key")
    {
        Description = "The kind of key of the certificates: rsa or ecdsa. Without it what is there is kept.",
        HelpName = "rsa|ecdsa",
    };
    private readonly Option<string?> _authorityKey = new("--authority-key")
    {
        Description =
            "The kind of key of the authorities and the OCSP signer. Post-quantum ones (ml-dsa, slh-dsa) are for "
            + "'pki' and 'responder': TLS clients over OpenSSL before 3.5 believe no certificate of theirs.",
        HelpName = string.Join('|', KeyAlgorithms.Names),
    };
    private readonly Option<int> _dns = Port("--dns-port", "the name server (UDP and TCP)", DefaultPorts.Dns);
    private readonly Option<int> _responder = Port("--responder-port", "the OCSP responder", DefaultPorts.Responder);
    private readonly Option<int> _admin = Port(
        "--responder-admin-port",
        "the responder's admin API",
        DefaultPorts.ResponderAdmin
    );
    private readonly Option<int> _nginxPort = Port("--nginx-port", "nginx", DefaultPorts.Nginx);
    private readonly Option<int> _kestrel = Port(
        "--kestrel-port",
        "Kestrel with this project's stapling",
        DefaultPorts.Kestrel
    );
    private readonly Option<int> _builtIn = Port(
        "--kestrel-builtin-port",
        "Kestrel with .NET's built-in stapling",
        DefaultPorts.KestrelBuiltIn
    );

    /// <summary>Makes the options.</summary>
    public LabOptions()
    {
        _key.AcceptOnlyFromAmong([.. KeyAlgorithms.ForServers.Select(kind => kind.ToName())]);
        _authorityKey.AcceptOnlyFromAmong([.. KeyAlgorithms.Names]);
    }

    /// <summary>Adds all of them to a command that brings a lab up.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        AddCertificateOptionsTo(command);
        foreach (
            var option in (ReadOnlySpan<Option>)[_nginx, _nginxImage, _dns, _admin, _nginxPort, _kestrel, _builtIn]
        )
            command.Options.Add(option);
    }

    /// <summary>Adds those that certificates depend on.</summary>
    public void AddCertificateOptionsTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var option in (ReadOnlySpan<Option>)[_key, _authorityKey, _ocspUrl, _responder])
            command.Options.Add(option);
    }

    /// <summary>The lab that a command line describes.</summary>
    public LabTopology Read(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return Read(arguments, new LabTopology { Directory = arguments.GetValue(Lab)!.FullName });
    }

    /// <summary>The lab that is in the folder already, changed where the command line says so.</summary>
    public LabTopology ReadExisting(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var directory = arguments.GetValue(Lab)!.FullName;
        return Read(arguments, LabState.FindLast(directory) ?? new LabTopology { Directory = directory });
    }

    private LabTopology Read(ParseResult arguments, LabTopology lab) =>
        lab with
        {
            NginxSource = Given(arguments, _nginx, out var nginx)
                ? Enum.Parse<NginxSource>(nginx, ignoreCase: true)
                : lab.NginxSource,
            NginxImage = Given(arguments, _nginxImage, out var image) ? image : lab.NginxImage,
            OcspInCertificates = Given(arguments, _ocspUrl, out var url)
                ? (url == "none" ? OcspInCertificates.No : OcspInCertificates.Yes)
                : lab.OcspInCertificates,
            KeyAlgorithm = Given(arguments, _key, out var key) ? KeyAlgorithms.FromName(key!) : lab.KeyAlgorithm,
            AuthorityKeyAlgorithm = Given(arguments, _authorityKey, out var authorityKey)
                ? KeyAlgorithms.FromName(authorityKey!)
                : lab.AuthorityKeyAlgorithm,
            Ports = new LabPorts
            {
                Dns = Given(arguments, _dns, out var dns) ? dns : lab.Ports.Dns,
                Responder = Given(arguments, _responder, out var responder) ? responder : lab.Ports.Responder,
                ResponderAdmin = Given(arguments, _admin, out var admin) ? admin : lab.Ports.ResponderAdmin,
                Nginx = Given(arguments, _nginxPort, out var nginxPort) ? nginxPort : lab.Ports.Nginx,
                Kestrel = Given(arguments, _kestrel, out var kestrel) ? kestrel : lab.Ports.Kestrel,
                KestrelBuiltIn = Given(arguments, _builtIn, out var builtIn) ? builtIn : lab.Ports.KestrelBuiltIn,
            },
        };

    // A command need not have every option, and a default is not the user's word.
    private static bool Given<T>(ParseResult arguments, Option<T> option, out T value)
    {
        var given = arguments.GetResult(option) is { Implicit: false };
        value = given ? arguments.GetValue(option)! : default!;
        return given;
    }

    private static Option<string> Choice(string name, string description, string @default, params string[] values)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', values),
            DefaultValueFactory = _ => @default,
        };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static Option<int> Port(string name, string whose, int @default)
    {
        var option = new Option<int>(name)
        {
            Description = $"Port of {whose}.",
            HelpName = "PORT",
            DefaultValueFactory = _ => @default,
        };
        option.Validators.Add(result =>
        {
            if (
                result.Tokens.Count == 1
                && !(int.TryParse(result.Tokens[0].Value, out var port) && port is > 0 and < 65536)
            )
                result.AddError($"{name} is a port, 1 to 65535, not '{result.Tokens[0].Value}'.");
        });
        return option;
    }
}
