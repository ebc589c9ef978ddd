using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OcspLab.Stapling;

/// <summary>
/// The settings as they were last valid. A slip in the configuration of a running server is logged and changes nothing: the monitor itself would
/// throw at whoever asks next, a refresh or a handshake.
/// </summary>
internal sealed class SteadyOptions
{
    private readonly IOptionsMonitor<StaplingOptions> _monitor;
    private readonly ILogger _logger;
    private volatile StaplingOptions _valid;
    private volatile string? _complaint;

    /// <exception cref="OptionsValidationException">They are not valid to begin with.</exception>
    public SteadyOptions(IOptionsMonitor<StaplingOptions> monitor, ILogger logger)
    {
        _monitor = monitor;
        _logger = logger;
        _valid = monitor.CurrentValue;
    }

    public StaplingOptions CurrentValue
    {
        get
        {
            try
            {
                var valid = _monitor.CurrentValue;
                _complaint = null;
                return _valid = valid;
            }
            catch (Exception exception) when (exception is OptionsValidationException or InvalidOperationException)
            {
                if (_complaint != exception.Message)
                    _logger.SettingsRejected(exception.Message);
                _complaint = exception.Message;
                return _valid;
            }
        }
    }

    public IDisposable? OnChange(Action listener) => _monitor.OnChange(_ => listener());
}
