using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Responder.Settings;

namespace OcspLab.Cli.Serving;

/// <summary>Whom to answer for, who signs and for how long: the options of <c>openssl ocsp</c>.</summary>
internal static class AuthorityArguments
{
    private static readonly Option<string?> Index = new("--index")
    {
        Description = "The index.txt of 'openssl ca'; read again when it changes.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Crl = new("--crl")
    {
        Description = "A complete CRL, DER or PEM; it is asked for again by itself. What is not on it is good.",
        HelpName = "FILE|URL",
    };
    private static readonly Option<string?> Authority = new("--ca", "--CA")
    {
        Description = "The authority's certificate in PEM; of several the one that the signer belongs to.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Signer = new("--rsigner")
    {
        Description = "Who signs the answers: a delegate's certificate with OCSPSigning, or the authority's own.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Key = new("--rkey")
    {
        Description =
            "The signer's key in PEM, or in a token as pkcs11:token=…;object=…?module-path=…&pin-source=… (RFC 7512). "
            + "Default: it is in the signer's file.",
        HelpName = "FILE|URI",
    };
    private static readonly Option<string?> Password = new("--passin")
    {
        Description = "The key's password: file:PATH, env:VARIABLE or pass:PASSWORD.",
        HelpName = "SOURCE",
    };
    private static readonly Option<int?> Days = Count("--ndays", "Days until nextUpdate, at most 10.", "DAYS", 10);
    private static readonly Option<int?> Minutes = Count(
        "--nmin",
        "Minutes instead, at most ten days. Default: a day.",
        "MINUTES",
        10 * 24 * 60
    );

    public static void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[Index, Crl, Authority, Signer, Key, Password, Days, Minutes])
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(Index) is not null && result.GetValue(Crl) is not null)
                result.AddError("Give --index or --crl, not both.");
            if (
                (result.GetValue(Index) ?? result.GetValue(Crl)) is not null
                && (result.GetValue(Authority) is null || result.GetValue(Signer) is null)
            )
                result.AddError("--index and --crl want --ca and --rsigner as well.");
            if (result.GetValue(Days) is not null && result.GetValue(Minutes) is not null)
                result.AddError("Give --ndays or --nmin, not both.");
        });
    }

    /// <summary>The authority that the arguments describe, or the lab's.</summary>
    /// <exception cref="LabException">There is none.</exception>
    public static AuthorityOptions Describe(ParseResult arguments, LabOptions options)
    {
        var lab =
            arguments.GetValue(Index) is null && arguments.GetValue(Crl) is null
                ? options.ReadExisting(arguments)
                : null;
        if (lab is not null && !File.Exists(lab.Database))
            throw new LabException(
                $"There is no lab in {lab.Directory}. Give --index or --crl, make a lab with 'ocsplab pki init', or "
                    + $"name its folder with --lab.",
                LabFailure.Usage
            );
        var pki = lab?.CreatePki(TimeProvider.System);
        var signer = new SignerOptions
        {
            Certificate = arguments.GetValue(Signer) ?? pki?.OcspSigner.Certificate ?? "",
            Key = arguments.GetValue(Key) ?? (arguments.GetValue(Signer) is null ? pki?.OcspSigner.Key : null) ?? "",
        };
        if (arguments.GetValue(Password) is { } password)
            Read(password, signer);
        else if (arguments.GetValue(Signer) is null)
            signer.PasswordFile = pki?.OcspSigner.Password;
        return new AuthorityOptions
        {
            IssuerCertificate = arguments.GetValue(Authority) ?? pki?.Intermediate.Certificate ?? "",
            Index = arguments.GetValue(Index),
            Crl = arguments.GetValue(Crl),
            Database = lab?.Database,
            Signers = { signer },
        };
    }

    // As openssl(1) has them, without its descriptors and terminals.
    private static void Read(string source, SignerOptions signer)
    {
        var (kind, value) = source.Split(':', 2) is [var before, var after] ? (before, after) : (source, "");
        switch (kind)
        {
            case "file":
                signer.PasswordFile = value;
                break;
            case "env":
                signer.Password = Environment.GetEnvironmentVariable(value)
                    ?? throw new LabException($"--passin: there is no environment variable {value}.", LabFailure.Usage);
                break;
            case "pass":
                signer.Password = value;
                break;
            default:
                throw new LabException(
                    $"--passin is file:PATH, env:VARIABLE or pass:PASSWORD, not '{kind}'.",
                    LabFailure.Usage
                );
        }
    }

    /// <summary>How long answers last, or null for the default.</summary>
    public static TimeSpan? Validity(ParseResult arguments)
    {
        if (arguments.GetValue(Minutes) is { } minutes)
            return TimeSpan.FromMinutes(minutes);
        return arguments.GetValue(Days) is { } days ? TimeSpan.FromDays(days) : null;
    }

    private static Option<int?> Count(string name, string description, string helpName, int most)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            if (
                result.Tokens.Count == 1
                && !(int.TryParse(result.Tokens[0].Value, out var number) && number >= 1 && number <= most)
            )
                result.AddError($"{name} is a number from 1 to {most}, not '{result.Tokens[0].Value}'.");
        });
        return option;
    }
}
