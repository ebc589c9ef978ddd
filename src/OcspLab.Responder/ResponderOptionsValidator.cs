using Microsoft.Extensions.Options;

namespace OcspLab.Responder;

/// <summary>Checks the bounds that the options' attributes state; the code is generated.</summary>
[OptionsValidator]
internal sealed partial class ResponderOptionsValidator : IValidateOptions<ResponderOptions>;
