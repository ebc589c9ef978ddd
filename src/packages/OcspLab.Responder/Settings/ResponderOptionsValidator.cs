using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Settings;
using OcspLab.Responder.Sources;
using OcspLab.ServiceDefaults;

namespace OcspLab.Responder.Settings;

/// <summary>Checks what the options say of one another, and their bounds; a slip is named with its key.</summary>
/// <param name="services">Tells which authorities have a source of their own.</param>
internal sealed class ResponderOptionsValidator(IServiceProvider services) : IValidateOptions<ResponderOptions>
{
    public ValidateOptionsResult Validate(string? name, ResponderOptions options)
    {
        var failures = Bounds.Check(ResponderOptions.Section, options).ToList();
        if (options.Authorities.Count == 0)
            failures.Add($"{ResponderOptions.Section}:{nameof(options.Authorities)}: there is none to answer for.");
        foreach (var (authority, its) in options.Authorities)
            failures.AddRange(
                Check(authority, $"{ResponderOptions.Section}:{nameof(options.Authorities)}:{authority}", its)
            );
        if (options.PresignedHashes.Contains(CertIdHash.Sha512))
            failures.Add(
                $"{ResponderOptions.Section}:{nameof(options.PresignedHashes)}: Sha1, Sha256 and Sha384; questions by "
                    + "Sha512 are too long for a path."
            );
        failures.AddRange(CheckStore(options));
        foreach (
            var shared in options
                .Authorities.Values.Where(its => its.Database is not null)
                .GroupBy(its => Path.GetFullPath(its.Database!))
                .Where(group => group.Count() > 1)
        )
            failures.Add(
                $"{ResponderOptions.Section}:{nameof(options.Authorities)}: {shared.Key} is the database of "
                    + $"several; serial numbers of different authorities must not meet."
            );
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> CheckStore(ResponderOptions options)
    {
        var store =
            options.AnswerFolder is not null ? nameof(options.AnswerFolder)
            : options.AnswerDatabase is not null ? nameof(options.AnswerDatabase)
            : null;
        if (store is not null && options.Authorities.Values.All(its => its.Presign == PresignMode.Off))
            yield return $"{ResponderOptions.Section}:{store}: nothing is kept there, because no authority has "
                + $"{nameof(AuthorityOptions.Presign)}.";
        if (options is { AnswerFolder: not null, AnswerDatabase: not null })
            yield return $"{ResponderOptions.Section}:{nameof(options.AnswerDatabase)}: answers are kept in one place, "
                + $"and there is {nameof(options.AnswerFolder)}.";
        if (options.AnswerDatabase is { } connection && Fault(connection) is { } fault)
            yield return $"{ResponderOptions.Section}:{nameof(options.AnswerDatabase)}: {fault}";
    }

    private IEnumerable<string> Check(string authority, string key, AuthorityOptions its)
    {
        foreach (var failure in Bounds.Check(key, its))
            yield return failure;
        if (its.IssuerCertificate.Length == 0)
            yield return $"{key}:{nameof(its.IssuerCertificate)}: is missing.";
        if (its.Signers.Count == 0)
            yield return $"{key}:{nameof(its.Signers)}: there is none.";
        for (var index = 0; index < its.Signers.Count; index++)
        {
            if (its.Signers[index].Certificate.Length == 0)
                yield return $"{key}:{nameof(its.Signers)}:{index}:{nameof(SignerOptions.Certificate)}: is missing.";
        }

        foreach (var prefix in its.SerialPrefixes)
        {
            if (prefix.Length == 0 || prefix.Length % 2 != 0 || !prefix.All(char.IsAsciiHexDigit))
                yield return $"{key}:{nameof(its.SerialPrefixes)}: '{prefix}' is not whole octets in hexadecimal.";
        }

        if (its.PostgreSql is { } connection && Fault(connection) is { } fault)
            yield return $"{key}:{nameof(its.PostgreSql)}: {fault}";
        if (its.CfsslPostgreSql is { } cfssl && Fault(cfssl) is { } itsFault)
            yield return $"{key}:{nameof(its.CfsslPostgreSql)}: {itsFault}";
        string?[] sources =
        [
            its.Database,
            its.Index,
            its.Crl,
            its.Crls.FirstOrDefault(),
            its.Cfssl,
            its.CfsslPostgreSql,
            its.PostgreSql,
            services.GetKeyedService<IStatusSource>(authority) is null ? null : "keyed",
        ];
        if (sources.Count(source => source is not null) is var count and not 1)
            yield return $"{key}: {count} sources; give one of {nameof(its.Database)}, {nameof(its.Index)}, "
                + $"{nameof(its.Crl)}, {nameof(its.Crls)}, {nameof(its.Cfssl)}, "
                + $"{nameof(its.CfsslPostgreSql)} and {nameof(its.PostgreSql)}.";
        if (its.DeltaCrl is not null && its.Crl is null)
            yield return $"{key}:{nameof(its.DeltaCrl)}: a delta CRL is read with a complete one, {nameof(its.Crl)}.";
    }

    // Not the text itself: there is a password in it.
    private static string? Fault(string connection)
    {
        try
        {
            _ = new Npgsql.NpgsqlConnectionStringBuilder(connection);
            return null;
        }
        catch (ArgumentException exception)
        {
            return $"not a connection string: {exception.Message}";
        }
    }
}

/// <summary>The same for the service.</summary>
internal sealed class ResponderServiceOptionsValidator : IValidateOptions<ResponderServiceOptions>
{
    public ValidateOptionsResult Validate(string? name, ResponderServiceOptions options)
    {
        var failures = Bounds.Check(ResponderOptions.Section, options).ToList();
        if (SocketBinding.Fault(options.Address) is { } fault)
            failures.Add($"{ResponderOptions.Section}:{nameof(options.Address)}: {fault}");
        if (options.Address.Contains(',', StringComparison.Ordinal) && options.Port == 0)
            failures.Add(
                $"{ResponderOptions.Section}:{nameof(options.Port)}: several addresses need a port of one's own choice."
            );
        if (options.AdminTokenFile.Length == 0)
            failures.Add($"{ResponderOptions.Section}:{nameof(options.AdminTokenFile)}: is missing.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
