using System.ComponentModel;
using OcspLab.Benchmarks;
using OcspLab.Comparison.Measurements;

Effort.IsQuick = args.Contains("--quick");
try
{
    var exitCode = await RunAsync([.. args.Where(argument => argument != "--quick")]).ConfigureAwait(false);
    if (!Effort.IsQuick || exitCode > 1)
        return exitCode;
    Console.WriteLine("It works. Too little was done for the figures to mean anything.");
    return 0;
}
catch (Exception exception) when (exception is MissingProgramException or Win32Exception)
{
    await Console.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
    return 69;
}
catch (InvalidOperationException exception)
{
    await Console.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
    return 1;
}

internal static partial class Program
{
    private static async Task<int> RunAsync(string[] arguments)
    {
        switch (arguments)
        {
            case [] or ["protocol"]:
                return ProtocolRun.Run();
            case ["handshakes"]:
                return await HandshakeRun.RunAsync().ConfigureAwait(false);
            case ["settings"]:
                return await SettingsRun.RunAsync().ConfigureAwait(false);
            case ["profile"]:
                return await ProfileRun.RunAsync(SessionKind.New).ConfigureAwait(false);
            case ["profile", "resumed"]:
                return await ProfileRun.RunAsync(SessionKind.Resumed).ConfigureAwait(false);
            case ["certificates"]:
                return await CertificatesRun.RunAsync(CertificatesOf(10_000)).ConfigureAwait(false);
            case ["certificates", var count] when int.TryParse(count, out var certificates) && certificates > 0:
                return await CertificatesRun.RunAsync(CertificatesOf(certificates)).ConfigureAwait(false);
            case ["database"]:
                return await LargeResponderRun.RunAsync(Effort.Of(10_000_000, quick: 2_000)).ConfigureAwait(false);
            case ["database", var count] when int.TryParse(count, out var rows) && rows > 0:
                return await LargeResponderRun.RunAsync(Effort.Of(rows, quick: 2_000)).ConfigureAwait(false);
            case ["keep"]:
                return await KeepRun.RunAsync(CertificatesOf(10_000)).ConfigureAwait(false);
            case ["soak"]:
                return await SoakRun
                    .RunAsync(Effort.IsQuick ? TimeSpan.FromSeconds(5) : TimeSpan.FromMinutes(3))
                    .ConfigureAwait(false);
            case ["responder"]:
                return await ResponderRun.RunAsync().ConfigureAwait(false);
            case ["flood"]:
                return await FloodRun.RunAsync().ConfigureAwait(false);
            case ["post-quantum"]:
                return await PostQuantumRun.RunAsync().ConfigureAwait(false);
            case ["token"]:
                return await TokenRun.RunAsync().ConfigureAwait(false);
            case ["--help" or "-h"]:
                Console.WriteLine(Help);
                return 0;
            default:
                await Console
                    .Error.WriteLineAsync($"'{string.Join(' ', arguments)}' is not a benchmark.\n{Help}")
                    .ConfigureAwait(false);
                return 64;
        }
    }

    private static int CertificatesOf(int count) => Effort.Of(count, quick: 50);

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
                       openssl; two minutes (wants wrk)
        post-quantum   octets and times of ML-DSA and SLH-DSA, against ECDSA; a minute (wants an openssl of 3.5)
        token          responses signed one by one with a key in a PKCS#11 token, against one in a file; a minute
                       (wants wrk and softhsm2)
        flood          how long a ready answer takes while others ask for nonces; a minute (wants wrk)

        With --quick one does as little as it can, to see whether it still works; its figures mean nothing.
        Exit code 1 when a limit is passed or nothing could be measured, 69 when a program that it needs is missing.
        """;
}
