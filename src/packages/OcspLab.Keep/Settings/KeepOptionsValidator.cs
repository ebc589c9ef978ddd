using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Settings;

namespace OcspLab.Keep.Settings;

/// <summary>Refuses settings that cannot be meant, each with its key.</summary>
internal sealed class KeepOptionsValidator : IValidateOptions<KeepOptions>
{
    public ValidateOptionsResult Validate(string? name, KeepOptions options)
    {
        var failures = Bounds.Check(KeepOptions.Section, options).ToList();
        if (options.Certificates.Count == 0)
            failures.Add($"{KeepOptions.Section}:{nameof(options.Certificates)}: there is none to keep staples for.");
        if (options.Serve is { } serve && !ServeAddress.TryParse(serve, out _))
            failures.Add($"{KeepOptions.Section}:{nameof(options.Serve)}: '{serve}' is not an address and a port.");
        foreach (var (which, its) in options.Certificates)
            failures.AddRange(
                Check($"{KeepOptions.Section}:{nameof(options.Certificates)}:{which}", its, options.Serve is not null)
            );
        foreach (
            var shared in options
                .Certificates.Values.SelectMany(its => (string?[])[its.StapleFile, its.NginxInclude])
                .OfType<string>()
                .Where(path => path.Length > 0)
                .Select(Path.GetFullPath)
                .GroupBy(path => path)
                .Where(paths => paths.Count() > 1)
        )
            failures.Add($"{KeepOptions.Section}:{nameof(options.Certificates)}: {shared.Key} is written for several.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Check(string key, KeptCertificateOptions its, bool isServed)
    {
        if (its.Certificate.Length == 0)
            yield return $"{key}:{nameof(its.Certificate)}: is missing.";
        if (its.StapleFile is "" || its.NginxInclude is "" || its.HaproxySocket is "")
            yield return $"{key}: a path is empty.";
        if (its.NginxInclude is not null && its.StapleFile is null)
            yield return $"{key}:{nameof(its.NginxInclude)}: names {nameof(its.StapleFile)}, which is missing.";
        if (!isServed && its is { StapleFile: null, HaproxySocket: null })
            yield return $"{key}: nobody gets its staple; give {nameof(its.StapleFile)}, {nameof(its.HaproxySocket)} "
                + $"or {KeepOptions.Section}:{nameof(KeepOptions.Serve)}.";
    }
}
