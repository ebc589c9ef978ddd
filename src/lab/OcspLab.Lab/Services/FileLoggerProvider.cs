using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OcspLab.Lab.Services;

/// <summary>
/// One log file a service, so that several of them in one process stay apart. The console gets what people must see.
/// </summary>
internal sealed class FileLoggerProvider(string path, TimeProvider clock) : ILoggerProvider
{
    private readonly StreamWriter _writer = new(path, append: false) { AutoFlush = true };
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName) => new FileLogger(this, categoryName);

    public void Dispose() => _writer.Dispose();

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level} {category}: {message}"
        );
        lock (_gate)
        {
            _writer.WriteLine(line);
            if (exception is not null)
                _writer.WriteLine(exception);
        }
    }

    private sealed class FileLogger(FileLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => provider.Write(logLevel, category, formatter(state, exception), exception);
    }
}
