using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Cli.CommandLine;
using OcspLab.Keep.Certificates;
using OcspLab.Keep.Files;
using OcspLab.Keep.Settings;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Cli.Keeping;

/// <summary>Judges the staples that lie in files, as a client would; nobody is asked.</summary>
internal static class KeepCheck
{
    public static Task<int> RunAsync(
        string? config,
        IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken
    ) =>
        KeepRun.GuardAsync(() =>
        {
            using var host = KeepRun.Build(config, settings);
            var worst = ExitCodes.Good;
            foreach (var (name, its) in host.Services.GetRequiredService<IOptions<KeepOptions>>().Value.Certificates)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (code, text) = Judge(its);
                Console.WriteLine($"{name}: {text}");
                worst = Math.Max(worst, code);
            }

            return Task.FromResult(worst);
        });

    private static (int Code, string Text) Judge(KeptCertificateOptions its)
    {
        if (its.StapleFile is null)
            return (ExitCodes.Good, "has no file");
        LoadedCertificate certificate;
        try
        {
            certificate = LoadedCertificate.FromPem(File.ReadAllText(its.Certificate));
        }
        catch (CryptographicException exception)
        {
            return (ExitCodes.Configuration, $"{its.Certificate}: {exception.Message}");
        }

        using (certificate)
        {
            if (WholeFile.Read(its.StapleFile) is not { } there)
                return (ExitCodes.NoStaple, $"{its.StapleFile} is not there");
            using var found = certificate.Leaf.FindIssuerInSystem();
            var issuer = certificate.Chain.FirstOrDefault(candidate => certificate.Leaf.IsIssuedBy(candidate)) ?? found;
            if (issuer is null)
                return (ExitCodes.Configuration, $"{its.Certificate} does not hold the issuer, which judging needs");
            var result = OcspVerifier.Verify(
                there,
                OcspSubject.FromCertificate(certificate.Leaf, issuer),
                new VerificationPolicy(),
                TimeProvider.System.GetUtcNow()
            );
            return result.TryGetStaple(out var staple, out var rejection)
                ? (
                    staple.Status.Kind switch
                    {
                        CertStatusKind.Good => ExitCodes.Good,
                        CertStatusKind.Revoked => ExitCodes.Revoked,
                        _ => ExitCodes.Unknown,
                    },
                    $"{staple.Status.Kind.ToString().ToLowerInvariant()} until {staple.ExpiresAt:u}"
                )
                : (ExitCodes.Rejected, rejection.ToString());
        }
    }
}
