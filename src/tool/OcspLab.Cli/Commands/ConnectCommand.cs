using System.CommandLine;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab connect</c>: what a .NET client makes of a server.</summary>
internal static class ConnectCommand
{
    public static Command Create()
    {
        var target = ServerAddress.Argument();
        var serverName = new Option<string?>("--servername")
        {
            Description = "The name that the certificate must have. Default: HOST.",
            HelpName = "NAME",
        };
        var authority = new Option<FileInfo?>("--ca")
        {
            Description = "PEM of the root to trust. Default: the system's.",
            HelpName = "FILE",
        };
        var revocation = new Option<string>("--revocation")
        {
            Description = "How .NET checks the server's certificate. Default: online.",
            HelpName = "online|offline|none",
            DefaultValueFactory = _ => "online",
        };
        revocation.AcceptOnlyFromAmong("online", "offline", "none");
        var command = new Command("connect", "Shake hands as a .NET client does, with .NET's own check of revocation.")
        {
            target,
            serverName,
            authority,
            revocation,
        }.WithHelp(
            """
            Exit codes: 0 connected, 1 the certificate was refused, 69 unreachable.
            .NET remembers answers below HOME (.dotnet/corefx/cryptography/ocsp).

            Examples:
              ocsplab connect https://example.com
              ocsplab connect 127.0.0.1:9443 --servername echocert.lab --ca .lab/pki/root_ca/CA/rsa_ca.crt
            """
        );
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var server = arguments.GetRequiredValue(target);
                var mode = arguments.GetValue(revocation) switch
                {
                    "offline" => X509RevocationMode.Offline,
                    "none" => X509RevocationMode.NoCheck,
                    _ => X509RevocationMode.Online,
                };
                var refusal = await ShakeAsync(
                        server,
                        arguments.GetValue(serverName) ?? server.Host,
                        InspectCommand.Load(arguments.GetValue(authority)),
                        mode,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                if (refusal is null)
                {
                    Console.Out.WriteLine("connects");
                    return ExitCodes.Good;
                }

                Console.Error.WriteLine(refusal);
                return ExitCodes.Revoked;
            }
        );
        return command;
    }

    private static bool IsAboutTrust(X509ChainStatusFlags status) =>
        status is X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot;

    private const string UntrustedBySystem =
        ": the certificate leads to no root that this system trusts. --ca FILE names the root of a private authority; "
        + "the lab's is .lab/pki/root_ca/CA/rsa_ca.crt.";
    private const string UntrustedDespiteRoots =
        ": the certificate does not lead to a root in the file of --ca, or an intermediate between them is not sent.";

    /// <returns>Why the certificate was refused, or null.</returns>
    private static async Task<string?> ShakeAsync(
        ServerAddress server,
        string serverName,
        X509Certificate2[] roots,
        X509RevocationMode mode,
        CancellationToken cancellationToken
    )
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = mode,
            RevocationFlag = X509RevocationFlag.EndCertificateOnly,
            UrlRetrievalTimeout = AttemptTimeout,
        };
        if (roots.Length > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }

        string? refusal = null;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, _, chain, errors) =>
            {
                if (errors == SslPolicyErrors.None)
                    return true;
                var reasons = chain?.ChainStatus.Select(status => status.Status.ToString()).Distinct() ?? [];
                refusal = string.Join(
                    ", ",
                    errors == SslPolicyErrors.RemoteCertificateChainErrors
                        ? reasons
                        : reasons.Prepend(errors.ToString())
                );
                if (chain?.ChainStatus.Any(status => IsAboutTrust(status.Status)) == true)
                    refusal += roots.Length > 0 ? UntrustedDespiteRoots : UntrustedBySystem;
                return false;
            },
        };
        using var timer = new CancellationTokenSource(AttemptTimeout * 2, TimeProvider.System);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, deadline.Token).ConfigureAwait(false);
            using var stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
            await stream.AuthenticateAsClientAsync(options, deadline.Token).ConfigureAwait(false);
            return null;
        }
        catch (AuthenticationException) when (refusal is not null)
        {
            return refusal;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LabException(
                $"{server.Host}:{server.Port} did not finish a handshake within {AttemptTimeout.TotalSeconds * 2:0} s.",
                LabFailure.Unavailable,
                exception
            );
        }
        catch (Exception exception) when (exception is SocketException or IOException or AuthenticationException)
        {
            throw new LabException(
                $"{server.Host}:{server.Port} cannot be connected to: {exception.Message}",
                LabFailure.Unavailable,
                exception
            );
        }
    }

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(15);
}
