using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Keep.Settings;
using OcspLab.Stapling;

namespace OcspLab.Cli.Keeping;

/// <summary><c>ocsplab keep</c>.</summary>
internal static class KeepCommand
{
    private static readonly Option<FileInfo?> Config = new("--config")
    {
        Description =
            "JSON with the sections Keep and OcspStapling, for several certificates and everything else; read again "
            + "when it changes.",
        HelpName = "FILE",
    };
    private static readonly Option<FileInfo?> Certificate = new("--cert")
    {
        Description = "PEM with the certificate and, if it is there, its issuer; read again when it changes.",
        HelpName = "FILE",
    };
    private static readonly Option<FileInfo?> Output = new("--out")
    {
        Description = "The staple in DER: nginx's ssl_stapling_file, HAProxy's .ocsp.",
        HelpName = "FILE",
    };
    private static readonly Option<FileInfo?> NginxInclude = new("--nginx-include")
    {
        Description =
            "A file for nginx to include: names --out while there is a staple, and nothing while there is none.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Haproxy = new("--haproxy")
    {
        Description = "HAProxy's socket, told of each new staple without a reload.",
        HelpName = "SOCKET",
    };
    private static readonly Option<string?> Reload = new("--reload")
    {
        Description = "Run when files have changed, such as 'nginx -s reload'.",
        HelpName = "COMMAND",
    };
    private static readonly Option<string?> Test = new("--test")
    {
        Description = "Run before --reload; where it fails there is none. Such as 'nginx -t -q'.",
        HelpName = "COMMAND",
    };
    private static readonly Option<string?> OnRevoked = new("--on-revoked")
    {
        Description = "Run once when the certificate is revoked.",
        HelpName = "COMMAND",
    };
    private static readonly Option<RevokedStaple> Revoked = new("--revoked")
    {
        Description = "Whether servers get the answer that the certificate is revoked.",
        HelpName = "give|withhold",
    };
    private static readonly Option<string?> Serve = new("--serve")
    {
        Description =
            "Answer OCSP questions about the certificate over HTTP, for servers that ask for themselves; with /health "
            + "and /metrics. Such as 127.0.0.1:8890.",
        HelpName = "ADDRESS:PORT",
    };
    private static readonly Option<Uri?> Responder = new("--responder")
    {
        Description = "Asked instead of the URL in the certificate.",
        HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
                return url;
            result.AddError($"--responder is a URL of http or https, not '{result.Tokens[0].Value}'.");
            return null;
        },
    };
    private static readonly Option<DirectoryInfo?> State = new("--state")
    {
        Description = "Where staples survive a restart. Default: systemd's state directory, or the user's data.",
        HelpName = "DIR",
    };
    private static readonly Option<bool> Once = new("--once")
    {
        Description = "Fetch, write, reload if anything has changed, and end: for cron and deploy hooks.",
    };
    private static readonly Option<bool> Check = new("--check") { Description = "Only judge what lies in --out." };

    public static Command Create()
    {
        var command = new Command(
            "keep",
            "Keep verified staples fresh for nginx, HAProxy, Apache and any other server. Until Ctrl-C, or --once."
        )
        {
            Config,
            Certificate,
            Output,
            NginxInclude,
            Haproxy,
            Reload,
            Test,
            Serve,
            OnRevoked,
            Revoked,
            Responder,
            State,
            Once,
            Check,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(Config) is null) == (result.GetValue(Certificate) is null))
                result.AddError("Give --cert, or --config with the certificates.");
            if (result.GetValue(Once) && result.GetValue(Check))
                result.AddError("--once fetches and --check does not: give one of them.");
        });
        command.SetAction(
            (arguments, cancellationToken) =>
            {
                var config = arguments.GetValue(Config)?.FullName;
                var settings = Settings(arguments);
                return arguments.GetValue(Check) ? KeepCheck.RunAsync(config, settings, cancellationToken)
                    : arguments.GetValue(Once) ? KeepRun.OnceAsync(config, settings, cancellationToken)
                    : KeepRun.UntilEndAsync(config, settings, cancellationToken);
            }
        );
        return command.WithHelp(
            """
            Examples:
              ocsplab keep --cert fullchain.pem --out staple.der --nginx-include staple.conf --test 'nginx -t -q' \
                           --reload 'nginx -s reload'
              ocsplab keep --cert site.pem --out site.pem.ocsp --haproxy /run/haproxy/admin.sock
              ocsplab keep --cert fullchain.pem --serve 127.0.0.1:8890          Apache: SSLStaplingForceURL
              ocsplab keep --config /etc/ocsplab/keep.json
              ocsplab keep --config /etc/ocsplab/keep.json --once                cron, certbot's deploy hook

            Exit codes of --once and --check: 0 good, 1 revoked, 2 unknown, 3 does not verify, 4 no staple; the worst of
            several. Beside those 69 if the reload failed, 78 if a certificate, a file or a socket cannot be used.
            docs/keep.md has a section for each server.
            """
        );
    }

    private static Dictionary<string, string?> Settings(ParseResult arguments)
    {
        var settings = new Dictionary<string, string?>();
        if (arguments.GetValue(Certificate) is { } certificate)
        {
            var key =
                $"{KeepOptions.Section}:{nameof(KeepOptions.Certificates)}:{Path.GetFileName(certificate.FullName)}";
            settings[$"{key}:{nameof(KeptCertificateOptions.Certificate)}"] = certificate.FullName;
            settings[$"{key}:{nameof(KeptCertificateOptions.StapleFile)}"] = arguments.GetValue(Output)?.FullName;
            settings[$"{key}:{nameof(KeptCertificateOptions.NginxInclude)}"] = arguments
                .GetValue(NginxInclude)
                ?.FullName;
            settings[$"{key}:{nameof(KeptCertificateOptions.HaproxySocket)}"] = arguments.GetValue(Haproxy);
            settings[$"{key}:{nameof(KeptCertificateOptions.OnRevoked)}"] = arguments.GetValue(OnRevoked);
            settings[$"{key}:{nameof(KeptCertificateOptions.Revoked)}"] = arguments.GetValue(Revoked).ToString();
        }

        settings[$"{KeepOptions.Section}:{nameof(KeepOptions.Reload)}"] = arguments.GetValue(Reload);
        settings[$"{KeepOptions.Section}:{nameof(KeepOptions.Test)}"] = arguments.GetValue(Test);
        settings[$"{KeepOptions.Section}:{nameof(KeepOptions.Serve)}"] = arguments.GetValue(Serve);
        settings[$"{StaplingOptions.Section}:{nameof(StaplingOptions.Responder)}"] = arguments
            .GetValue(Responder)
            ?.OriginalString;
        settings[$"{StaplingOptions.Section}:{nameof(StaplingOptions.StorageDirectory)}"] = arguments
            .GetValue(State)
            ?.FullName;
        // What is not said does not hide what the file says.
        return settings.Where(entry => entry.Value is not null).ToDictionary();
    }
}
