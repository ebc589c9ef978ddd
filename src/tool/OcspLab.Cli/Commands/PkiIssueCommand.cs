using System.CommandLine;
using System.Globalization;
using System.Net;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Cli.Commands;

/// <summary>
/// <c>ocsplab pki issue</c>: a certificate of the lab's authority, for the lab or for one's own server.
/// </summary>
internal static class PkiIssueCommand
{
    public static Command Create(LabOptions options)
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "Its name, with which it is revoked and listed. Default: made of the first --dns.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var hosts = new Option<string[]>("--dns")
        {
            Description = "A host name or IP address that it is for; may be given several times.",
            HelpName = "HOST",
        };
        var kind = new Option<CertificateKind?>("--kind")
        {
            Description = "Default: what it was; a site's where --dns is given. Sites without --dns are echocert.lab.",
            HelpName = "Site|MustStapleSite|Person",
        };
        var directory = new Option<DirectoryInfo?>("--out")
        {
            Description =
                "Write fullchain.pem (and one with the root), privkey.pem (not encrypted, yours alone) and "
                + "root.pem there, for another program.",
            HelpName = "DIR",
        };
        var force = new Option<bool>("--force") { Description = "Replace what is there." };
        var command = new Command("issue", "Issue a certificate, with settings for ASP.NET Core if it is a site's.")
        {
            name,
            hosts,
            kind,
            directory,
            force,
        }.WithHelp(
            """
            Examples:
              ocsplab pki issue --dns shop.test --out certs
              ocsplab pki issue shop --dns shop.test --dns '*.shop.test' --kind MustStapleSite
              ocsplab pki issue bob --kind Person
              ocsplab pki issue echo --force
            """
        );
        options.AddCertificateOptionsTo(command);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var order = Order(
                    arguments.GetValue(name),
                    [.. (arguments.GetValue(hosts) ?? []).Select(HostName)],
                    arguments.GetValue(kind)
                );
                var topology = options.ReadExisting(arguments);
                var pki = topology.CreatePki(TimeProvider.System);
                LabState.RequireOwn(topology.Directory);
                var isForced = arguments.GetValue(force);
                var exported = arguments.GetValue(directory) is { } folder ? new ExportFolder(folder.FullName) : null;
                if (!isForced)
                {
                    RequireNew(pki, order.Name);
                    if (exported?.Existing is { } file)
                        throw new LabException($"{file} is there already. --force replaces it.", LabFailure.Usage);
                }

                Directory.CreateDirectory(topology.Directory);
                var registry = LabRegistry.Open(topology, TimeProvider.System);
                using var owned = registry as IDisposable;
                var certificate = pki.Issue(order);
                await registry
                    .RegisterAsync([certificate], TimeProvider.System, cancellationToken)
                    .ConfigureAwait(false);
                exported?.Write(pki, certificate);
                Console.Out.WriteLine(
                    $"{certificate.Name}: issued, serial {certificate.SerialNumber}, until "
                        + PkiCommand.At(certificate.NotAfter)
                );
                Console.Out.WriteLine($"in {exported?.Path ?? Path.GetDirectoryName(certificate.Files.Certificate)}");
                if (order.HostNames.Count > 0 && exported is not null)
                    Console.Out.WriteLine(SiteSettings.Of(topology, certificate, order.HostNames[0], exported));
                else if (order.HostNames.Count > 0)
                    Console.Out.WriteLine("With --out DIR the files and the settings for an application are written.");
                return ExitCodes.Good;
            }
        );
        return command;
    }

    private static CertificateOrder Order(string? name, IReadOnlyList<string> hosts, CertificateKind? kind)
    {
        if (kind == CertificateKind.Person && hosts.Count > 0)
            throw new LabException("A person has no --dns; leave out --kind or --dns.", LabFailure.Usage);
        var wanted = name
            ?? (
                hosts.Count > 0
                    ? hosts[0].Replace("*.", "", StringComparison.Ordinal).Replace('.', '-').Replace(':', '-')
                    : throw new LabException("Give the certificate a NAME, or a host with --dns.", LabFailure.Usage)
            );
        if (!LabPki.IsName(wanted))
            throw new LabException(
                $"'{wanted}' cannot name a certificate: lower-case letters, digits and hyphens, at most 40."
                    + (name is null ? " Give it a NAME of its own." : ""),
                LabFailure.Usage
            );
        return new CertificateOrder(wanted) { Kind = kind, HostNames = hosts };
    }

    // As certificates have it: in ASCII (RFC 5280 §7.2), without a final dot.
    private static string HostName(string host)
    {
        if (IPAddress.TryParse(host, out var address))
            return address.ToString();
        var wildcard = host.StartsWith("*.", StringComparison.Ordinal) ? "*." : "";
        try
        {
            var ascii = new IdnMapping().GetAscii(host[wildcard.Length..].TrimEnd('.')).ToLowerInvariant();
            if (Uri.CheckHostName(ascii) == UriHostNameType.Dns)
                return wildcard + ascii;
        }
        catch (ArgumentException)
        {
            // Said below.
        }

        throw new LabException($"'{host}' is not a host name.", LabFailure.Usage);
    }

    private static void RequireNew(LabPki pki, string name)
    {
        if (pki.Find(name) is { } known)
            throw new LabException(
                $"'{name}' is there already: serial {known.SerialNumber}, until {PkiCommand.At(known.NotAfter)}. "
                    + "--force issues it anew.",
                LabFailure.Usage
            );
    }
}
