using Microsoft.Extensions.Options;

namespace OcspLab.Dns;

/// <summary>Checks the bounds that the options' attributes state; the code is generated.</summary>
[OptionsValidator]
internal sealed partial class DnsOptionsValidator : IValidateOptions<DnsOptions>;
