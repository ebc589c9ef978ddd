using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OcspLab.Ocsp.Settings;

/// <summary>
/// Makes options as usual, and where a change of the configuration is not valid says so and goes on with those that
/// were. The monitor alone would throw at whoever asks next, a refresh perhaps, until somebody mends the configuration.
/// </summary>
internal sealed class LastValidOptionsFactory<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T
>(
    IEnumerable<IConfigureOptions<T>> setups,
    IEnumerable<IPostConfigureOptions<T>> postConfigures,
    IEnumerable<IValidateOptions<T>> validations,
    ILoggerFactory loggers
) : IOptionsFactory<T>
    where T : class
{
    private readonly OptionsFactory<T> _factory = new(setups, postConfigures, validations);
    private readonly ConcurrentDictionary<string, T> _valid = new();
    private readonly ILogger _logger = loggers.CreateLogger(typeof(T).Assembly.GetName().Name!);

    /// <exception cref="OptionsValidationException">They are not valid to begin with.</exception>
    public T Create(string name)
    {
        try
        {
            return _valid[name] = _factory.Create(name);
        }
        catch (Exception exception)
            when (exception is (OptionsValidationException or InvalidOperationException) && _valid.ContainsKey(name))
        {
            _logger.SettingsRejected(exception.Message);
            return _valid[name];
        }
    }
}
