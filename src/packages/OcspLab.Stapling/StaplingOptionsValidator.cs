using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Settings;

namespace OcspLab.Stapling;

/// <summary>
/// Checks the settings of single certificates, and that what the options name is registered: a slip shows at start and
/// not at the first refresh.
/// </summary>
internal sealed class StaplingOptionsValidator(IServiceProvider services) : IValidateOptions<StaplingOptions>
{
    public ValidateOptionsResult Validate(string? name, StaplingOptions options)
    {
        var failures = Bounds
            .Check(StaplingOptions.Section, options)
            .Concat(
                Bounds.Check($"{StaplingOptions.Section}:{nameof(StaplingOptions.Verification)}", options.Verification)
            )
            .ToList();
        var registered = services.GetRequiredService<IServiceProviderIsKeyedService>();
        if (options.Responder is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" }))
            failures.Add(
                $"{StaplingOptions.Section}:Responder: '{options.Responder}' is not an absolute http or https URL."
            );
        foreach (var (own, other) in options.Responders)
        {
            if (!IsUrl(own))
                failures.Add($"{StaplingOptions.Section}:Responders: '{own}' is not an absolute http or https URL.");
            if (!IsUrl(other?.OriginalString))
                failures.Add(
                    $"{StaplingOptions.Section}:Responders:{own}: '{other}' is not an absolute http or https URL."
                );
        }

        foreach (var (certificate, own) in options.Certificates)
        {
            if (own.Responder is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" }))
                failures.Add(
                    $"{StaplingOptions.Section}:Certificates:{certificate}:Responder: '{own.Responder}' is not an "
                        + $"absolute http or https URL."
                );
            if (own.File is { Length: 0 })
                failures.Add($"{StaplingOptions.Section}:Certificates:{certificate}:File: empty.");
            if (own.File is not null && (own.Responder is not null || own.Client is not null))
                failures.Add(
                    $"{StaplingOptions.Section}:Certificates:{certificate}:File: with a file no responder is asked. "
                        + $"Leave out Responder and Client."
                );
            if (own.Client is { } client && !registered.IsKeyedService(typeof(IOcspClient), client))
                failures.Add(
                    $"{StaplingOptions.Section}:Certificates:{certificate}:Client: there is no client '{client}'. "
                        + $"Add the section {StaplingOptions.Section}:Clients:{client}, or AddOcspClient(\"{client}\")."
                );
        }

        foreach (var file in options.Issuers)
        {
            if (Unreadable(file) is { } why)
                failures.Add($"{StaplingOptions.Section}:Issuers: '{file}' is not a PEM file with certificates: {why}");
        }

        if (options.Storage == StapleStorage.DistributedCache && !registered.IsService(typeof(IDistributedCache)))
            failures.Add(
                "OcspStapling:Storage: DistributedCache needs an IDistributedCache, such as "
                    + "AddStackExchangeRedisCache registers."
            );
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static bool IsUrl(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";

    private static string? Unreadable(string file)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            return certificates.Count == 0 ? "it holds none." : null;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException
            )
        {
            return exception.Message;
        }
    }
}
