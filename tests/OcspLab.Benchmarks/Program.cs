using System.ComponentModel;
using OcspLab.Benchmarks;
using OcspLab.Comparison.Measurements;
using OcspLab.Lab;
using OcspLab.Pki;
using OcspLab.Probe;

Effort.IsQuick = args.Contains("--quick");
string[] arguments = [.. args.Where(argument => argument != "--quick")];
if (arguments is ["--help" or "-h"])
{
    Console.WriteLine(Help);
    return 0;
}

if (BenchmarkOf(arguments) is not { } benchmark)
{
    await Console
        .Error.WriteLineAsync($"'{string.Join(' ', arguments)}' is not a benchmark.\n{Help}")
        .ConfigureAwait(false);
    return 64;
}

try
{
    var isWithinLimits = await benchmark().ConfigureAwait(false);
    if (!Effort.IsQuick)
        return isWithinLimits ? 0 : 1;
    Console.WriteLine("It works. Too little was done for the figures to mean anything.");
    return 0;
}
catch (Exception exception)
    when (exception is MissingProgramException or Win32Exception { NativeErrorCode: NoSuchFile })
{
    await Console.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
    return 69;
}
catch (Exception exception)
    when (exception
            is BenchmarkException
                or LabException
                or PkiException
                or ProbeException
                or HttpRequestException
                or Win32Exception
    )
{
    await Console.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
    return 70;
}

internal static partial class Program
{
    /// <returns>What runs it, and says whether every limit is kept; null when there is no such benchmark.</returns>
    private static Func<Task<bool>>? BenchmarkOf(string[] arguments) =>
        arguments switch
        {
            [] or ["protocol"] => () => Task.FromResult(ProtocolRun.Run()),
            ["handshakes"] => HandshakeRun.RunAsync,
            ["settings"] => SettingsRun.RunAsync,
            ["profile"] => () => ProfileRun.RunAsync(SessionKind.New),
            ["profile", "resumed"] => () => ProfileRun.RunAsync(SessionKind.Resumed),
            ["certificates"] => () => CertificatesRun.RunAsync(CertificatesOf(10_000)),
            ["certificates", var count] when CountOf(count) is { } certificates => () =>
                CertificatesRun.RunAsync(CertificatesOf(certificates)),
            ["database"] => () => LargeResponderRun.RunAsync(RowsOf(10_000_000)),
            ["database", var count] when CountOf(count) is { } rows => () => LargeResponderRun.RunAsync(RowsOf(rows)),
            ["keep"] => () => KeepRun.RunAsync(CertificatesOf(10_000)),
            ["soak"] => () => SoakRun.RunAsync(TimeSpan.FromSeconds(Effort.Of(180, quick: 5))),
            ["responder"] => ResponderRun.RunAsync,
            ["flood"] => FloodRun.RunAsync,
            ["post-quantum"] => PostQuantumRun.RunAsync,
            ["token"] => TokenRun.RunAsync,
            _ => null,
        };

    private static int? CountOf(string text) => int.TryParse(text, out var count) && count > 0 ? count : null;

    private static int CertificatesOf(int count) => Effort.Of(count, quick: 50);

    private static int RowsOf(int count) => Effort.Of(count, quick: 2_000);

    // ENOENT, and Windows' ERROR_FILE_NOT_FOUND. A refused connection is a Win32Exception, too.
    private const int NoSuchFile = 2;

    private const string Help = """
        Ratios of what this project does to its limit or its peer, each taken in one run.

          dotnet run -c Release --project tests/OcspLab.Benchmarks [-- NAME [--quick]]

        protocol       decode, verify and build a response, against openssl's bare signatures; two minutes (the default)
        handshakes     the server's CPU for a stapled handshake, against one without a staple; half a minute
        profile [resumed]
                       where the processor time of handshakes goes, and how much of it is this library's; a minute
                       (wants perf, of Debian's package linux-perf)
        settings       what settings of the runtime and of Kestrel change about the server's CPU for a handshake, one by
                       one; three minutes
        certificates [COUNT]
                       ten thousand certificates, or as many as you say, in one process: start-up and memory; a minute
        database [COUNT]
                       a responder over ten million certificates in PostgreSQL, or as many as you say, against one
                       over ten thousand; a quarter of an hour (wants wrk and PostgreSQL)
        keep           ten thousand certificates on one 'ocsplab keep'; two minutes
        soak           the sample site killed again and again while its responder fails; three minutes
        responder      answers a second, ready and signed one by one, against Kestrel with a constant body, cfssl and
                       openssl; two minutes (wants wrk and cfssl)
        post-quantum   octets and times of ML-DSA and SLH-DSA, against ECDSA; a minute (wants an openssl of 3.5)
        token          responses signed one by one with a key in a PKCS#11 token, against one in a file; a minute
                       (wants wrk and softhsm2)
        flood          how long a ready answer takes while others ask for nonces; a minute (wants wrk)

        With --quick one does as little as it can, to see whether it still works; its figures mean nothing.
        Exit code 1 when a limit is passed, 69 when a program that it needs is missing, 70 when nothing could be
        measured or what was seen was wrong.
        """;
}
