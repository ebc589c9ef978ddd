using System.Diagnostics;
using Xunit;

namespace OcspLab.Testing;

/// <summary>Waits for what must come true, and says what it was when it did not.</summary>
public static class Poll
{
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 30)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var asked = waited.Elapsed;
            if (await condition())
                return;
            if (asked.TotalSeconds >= seconds)
                Assert.Fail($"not within {seconds} s: {what}");
            // What takes a program to find out is not asked without a break: what it waits for needs the processor too.
            var pause = TimeSpan.FromMilliseconds(100) + waited.Elapsed - asked;
            var left = TimeSpan.FromSeconds(seconds) - waited.Elapsed;
            await Task.Delay(TimeSpan.FromTicks(Math.Clamp(left.Ticks, 0, pause.Ticks)));
        }
    }

    public static Task UntilAsync(Func<bool> condition, string what, int seconds = 30) =>
        UntilAsync(() => Task.FromResult(condition()), what, seconds);
}
