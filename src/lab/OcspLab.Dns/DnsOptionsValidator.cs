using System.Net;
using Microsoft.Extensions.Options;
using OcspLab.ServiceDefaults;

namespace OcspLab.Dns;

/// <summary>Checks the bounds that the options' attributes state; the code is generated.</summary>
[OptionsValidator]
internal sealed partial class DnsOptionsValidator : IValidateOptions<DnsOptions>;

/// <summary>Checks that addresses are some.</summary>
internal sealed class DnsAddressValidator : IValidateOptions<DnsOptions>
{
    public ValidateOptionsResult Validate(string? name, DnsOptions options)
    {
        if (SocketBinding.Fault(options.Address) is { } fault)
            return ValidateOptionsResult.Fail($"{DnsOptions.Section}:{nameof(options.Address)}: {fault}");
        if (options.Answer is { } answer && !IPAddress.TryParse(answer, out _))
        {
            return ValidateOptionsResult.Fail(
                $"{DnsOptions.Section}:{nameof(options.Answer)}: '{answer}' is not an IP address."
            );
        }

        return ValidateOptionsResult.Success;
    }
}
