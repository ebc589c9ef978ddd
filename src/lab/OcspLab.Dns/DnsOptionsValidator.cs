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
    public ValidateOptionsResult Validate(string? name, DnsOptions options) =>
        SocketBinding.Fault(options.Address) is { } fault
            ? ValidateOptionsResult.Fail($"{DnsOptions.Section}:{nameof(options.Address)}: {fault}")
        : options.Answer is { } answer && !IPAddress.TryParse(answer, out _)
            ? ValidateOptionsResult.Fail(
                $"{DnsOptions.Section}:{nameof(options.Answer)}: '{answer}' is not an IP address."
            )
        : ValidateOptionsResult.Success;
}
