using System.CommandLine;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Cli.CommandLine;

/// <summary>The options that describe a lab, the same for every command and for the AppHost.</summary>
public sealed class LabOptions
{
    private static readonly TimeSpan ShortestValidity = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestValidity = TimeSpan.FromDays(7);
    private static readonly LabPorts DefaultPorts = new();
    private const int FewestSites = 2;
    private const int MostSites = 16;

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

    private readonly Option<bool> _keep = new("--keep")
    {
        Description =
            "Run 'ocsplab keep' too, and a second nginx that has its staples from there: to compare with the first.",
    };
    private readonly Option<int> _keepPort = Port("--keep-port", "keep's health and metrics", DefaultPorts.Keep);
    private readonly Option<int> _nginxKept = Port(
        "--nginx-kept-port",
        "the nginx with the staples of keep",
        DefaultPorts.NginxKept
    );

    private readonly Option<int> _fleet = new("--fleet")
    {
        Description =
            "Run a fleet too: so many Kestrel sites (2 to 16) behind HAProxy, their staples in Redis, two responders "
            + "on PostgreSQL.",
        HelpName = "SITES",
    };
    private readonly Option<int> _fleetPort = Port(
        "--fleet-port",
        "HAProxy in front of the fleet; those that follow are the fleet's too",
        DefaultPorts.Fleet
    );

    private readonly Option<TimeSpan?> _validity = Durations.Option(
        "--response-lifetime",
        "How long the responder's responses are valid: half a minute lets one watch an expiry. Default: 01:00:00."
    );
    private readonly Option<int> _console = Port(
        "--console-port",
        "the page on which one watches the lab",
        DefaultPorts.Console
    );

    /// <summary>Makes the options.</summary>
    public LabOptions()
    {
        _validity.Validators.Add(result =>
        {
            var lasts = result.GetValueOrDefault<TimeSpan?>();
            if (lasts < ShortestValidity || lasts > LongestValidity)
                result.AddError("--response-lifetime is 10 seconds to 7 days.");
        });
        _fleet.Validators.Add(result =>
        {
            if (
                result.Tokens is [var token]
                && !(int.TryParse(token.Value, out var sites) && sites is >= FewestSites and <= MostSites)
            )
                result.AddError($"--fleet is a number of sites from 2 to 16, not '{token.Value}'.");
        });
        _key.AcceptOnlyFromAmong([.. KeyAlgorithms.ForServers.Select(kind => kind.ToName())]);
        _authorityKey.AcceptOnlyFromAmong([.. KeyAlgorithms.Names]);
    }

    /// <summary>Adds all of them to a command that brings a lab up.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        AddCertificateOptionsTo(command);
        foreach (
            var option in (ReadOnlySpan<Option>)
                [_nginx, _nginxImage, _dns, _admin, _nginxPort, _kestrel, _builtIn, _console, _validity]
        )
            command.Options.Add(option);
    }

    /// <summary>Adds those of a fleet.</summary>
    public void AddFleetTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Options.Add(_fleet);
        command.Options.Add(_fleetPort);
        command.Validators.Add(result =>
        {
            // What is no number is told by its own option.
            if (
                result.GetResult(_fleet) is { Tokens: [var sites] }
                && int.TryParse(sites.Value, out var count)
                && int.TryParse(
                    result.GetResult(_fleetPort) is { Tokens: [var port] } ? port.Value : $"{DefaultPorts.Fleet}",
                    out var first
                )
                && first + FleetPorts.Others + count - 1 is > ushort.MaxValue and var last
            )
                result.AddError($"--fleet-port is too high: the fleet's last port would be {last}.");
        });
    }

    /// <summary>Adds those of <c>keep</c>, for a lab in one process.</summary>
    public void AddKeepTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var option in (ReadOnlySpan<Option>)[_keep, _keepPort, _nginxKept])
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
            Validity = Given(arguments, _validity, out var validity) && validity is { } lasts ? lasts : lab.Validity,
            KeepBeside = Given(arguments, _keep, out var keep) ? (keep ? LabKeep.On : LabKeep.Off) : lab.KeepBeside,
            Fleet = Given(arguments, _fleet, out var fleet) ? fleet : lab.Fleet,
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
                Console = Given(arguments, _console, out var console) ? console : lab.Ports.Console,
                Keep = Given(arguments, _keepPort, out var keepPort) ? keepPort : lab.Ports.Keep,
                NginxKept = Given(arguments, _nginxKept, out var nginxKept) ? nginxKept : lab.Ports.NginxKept,
                Fleet = Given(arguments, _fleetPort, out var fleetPort) ? fleetPort : lab.Ports.Fleet,
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
