using Microsoft.Extensions.Options;

namespace OcspLab.Stapling;

/// <summary>Checks the bounds that the options' attributes state; the code is generated.</summary>
[OptionsValidator]
internal sealed partial class StaplingOptionsValidator : IValidateOptions<StaplingOptions>;
