using Microsoft.Extensions.Logging;

namespace OcspLab.Cli.Serving;

/// <summary>A log of one line an event, for people.</summary>
internal sealed class LineLoggerProvider(Action<string> output) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(output);

    public void Dispose() { }
}

internal sealed class LineLogger(Action<string> output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (IsEnabled(logLevel))
            output(
                (logLevel > LogLevel.Information ? $"{logLevel}: ".ToLowerInvariant() : "")
                    + formatter(state, exception)
                    + (exception is null ? "" : $": {exception.Message}")
            );
    }
}
