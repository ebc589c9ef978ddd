using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Tells when the settings of stapling have changed: not for every reload of an application's configuration, and a
/// moment later, so that whatever else reads them has read them too.
/// </summary>
internal sealed class SettingsWatch : IDisposable
{
    private readonly IConfiguration? _configuration;
    private readonly Action _changed;
    private readonly IDisposable? _subscription;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private string _before;

    public SettingsWatch(
        IConfiguration? configuration,
        IOptionsMonitor<StaplingOptions> options,
        TimeProvider clock,
        Action changed
    )
    {
        _configuration = configuration;
        _changed = changed;
        _before = Read();
        _timer = clock.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _subscription = options.OnChange((_, _) => _timer.Change(Delay, Timeout.InfiniteTimeSpan));
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _timer.Dispose();
    }

    private void Look()
    {
        lock (_gate)
        {
            var now = Read();
            // Options that are not configured change only when somebody says that they did.
            if (_configuration is not null && now == _before)
                return;
            _before = now;
        }

        _changed();
    }

    // The clients' settings are in there as well.
    private string Read() =>
        _configuration is null
            ? ""
            : string.Join(
                '\n',
                _configuration
                    .GetSection(StaplingOptions.Section)
                    .AsEnumerable()
                    .OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase)
                    .Select(pair => $"{pair.Key}={pair.Value}")
            );

    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(250);
}
