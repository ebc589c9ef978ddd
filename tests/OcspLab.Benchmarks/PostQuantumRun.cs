using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Benchmarks;

/// <summary>
/// What post-quantum signatures cost: octets of a response and of a stapled TLS 1.3 handshake, counted by OpenSSL's own
/// client and server, and the time to build and to verify a response.
/// </summary>
internal static partial class PostQuantumRun
{
    public static async Task<bool> RunAsync()
    {
        var openssl = FindOpenSsl()
            ?? throw new MissingProgramException(
                "Neither openssl nor openssl-3.5 knows ML-DSA: eng/openssl/unpack gets one on Debian."
            );
        Console.WriteLine(
            "| authority | response signed by | server's key | response | stapled handshake | without | "
                + "of the first window |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|");
        var times = new List<(string Name, TimeSpan Build, TimeSpan Verify)>();
        foreach (var kind in Kinds.Take(Effort.Of(Kinds.Length, quick: 2)))
        {
            using var chain = new Chain(kind);
            times.Add((kind.Name, Time(() => chain.Respond(Signed.ByDelegate)), Time(chain.Verify)));
            await LineAsync(openssl, chain, kind, Ecdsa, Signed.ByAuthority).ConfigureAwait(false);
            foreach (var server in kind.IsForServers ? new[] { Ecdsa, kind }.Distinct() : [Ecdsa])
                await LineAsync(openssl, chain, kind, server, Signed.ByDelegate).ConfigureAwait(false);
        }

        Console.WriteLine();
        Console.WriteLine("| authority and delegate | build | to ECDSA | verify | to ECDSA |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var (name, build, verify) in times)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {build.TotalMilliseconds:0.00} ms | {build / times[0].Build:0.0} | "
                        + $"{verify.TotalMilliseconds:0.00} ms | {verify / times[0].Verify:0.0} |"
                )
            );
        return true;
    }

    private static async Task LineAsync(string openssl, Chain chain, Kind kind, Kind server, Signed by)
    {
        using var key = server.CreateKey();
        var stapled = await HandshakeAsync(openssl, chain, key, by).ConfigureAwait(false);
        var bare = await HandshakeAsync(openssl, chain, key, null).ConfigureAwait(false);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {kind.Name} | {(by == Signed.ByAuthority ? "the authority" : "a delegate")} | {server.Name} | "
                    + $"{chain.Respond(by).Length:#,0} B | {stapled:#,0} B | {bare:#,0} B | "
                    + $"{100.0 * stapled / InitialWindow:0} % |"
            )
        );
    }

    /// <summary>How many octets the server sends until the handshake is done.</summary>
    private static async Task<int> HandshakeAsync(string openssl, Chain chain, SignerKey key, Signed? by)
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        string Write(string name, string text)
        {
            var path = Path.Combine(folder, name);
            File.WriteAllText(path, text);
            return path;
        }

        try
        {
            var response = Path.Combine(folder, "response.der");
            using var leaf = chain.Leaf(key.PublicKey);
            await File.WriteAllBytesAsync(response, chain.Respond(by ?? Signed.ByDelegate, leaf)).ConfigureAwait(false);
            string[] status = by is not null ? ["-status_file", response] : [];
            using var server = Start(
                openssl,
                [
                    "s_server",
                    "-accept",
                    $"127.0.0.1:{Port}",
                    "-cert",
                    Write("leaf.pem", leaf.ExportCertificatePem()),
                    "-key",
                    Write("leaf.key", key.ExportPem()),
                    "-cert_chain",
                    Write("chain.pem", chain.Issuer.ExportCertificatePem()),
                    "-num_tickets",
                    "0",
                    .. status,
                ]
            );
            try
            {
                await ListensAsync().ConfigureAwait(false);
                using var client = Start(
                    openssl,
                    [
                        "s_client",
                        "-connect",
                        $"127.0.0.1:{Port}",
                        "-status",
                        "-CAfile",
                        Write("root.pem", chain.Root.ExportCertificatePem()),
                        "-verify_return_error",
                        "-no_check_time",
                    ]
                );
                var output = await client.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
                var read = Read().Match(output);
                if (
                    !read.Success
                    || !output.Contains("Verify return code: 0 (ok)", StringComparison.Ordinal)
                    || (by is not null) != output.Contains("OCSP Response Status: successful", StringComparison.Ordinal)
                )
                    throw new BenchmarkException($"openssl s_client was not satisfied:\n{output}");
                return int.Parse(read.Groups[1].Value, CultureInfo.InvariantCulture);
            }
            finally
            {
                server.Kill();
                await server.WaitForExitAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ListensAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", Port).ConfigureAwait(false);
                return;
            }
            catch (SocketException) when (attempt < 50)
            {
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }

    private static Process Start(string program, string[] arguments)
    {
        var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        if (arguments[0] == "s_client")
            process.StandardInput.Close();
        return process;
    }

    private static string? FindOpenSsl()
    {
        foreach (var program in (string[])["openssl", "openssl-3.5"])
        {
            try
            {
                using var process = Start(program, ["list", "-signature-algorithms"]);
                if (process.StandardOutput.ReadToEnd().Contains("ML-DSA-44", StringComparison.OrdinalIgnoreCase))
                    return program;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // It is not installed.
            }
        }

        return null;
    }

    private static TimeSpan Time(Action work)
    {
        work();
        var started = Stopwatch.GetTimestamp();
        var times = 0;
        while (Stopwatch.GetElapsedTime(started) < Length)
        {
            work();
            times++;
        }

        return Stopwatch.GetElapsedTime(started) / times;
    }

    /// <summary>A root, an authority, its delegate, and what they sign.</summary>
    private sealed class Chain : IDisposable
    {
        private readonly SignerKey _rootKey;
        private readonly SignerKey _key;
        private readonly OcspSigningKey _delegate;
        private readonly OcspSigningKey _own;
        private readonly byte[] _response;

        public Chain(Kind kind)
        {
            (_rootKey, _key) = (kind.CreateKey(), kind.CreateKey());
            Root = Issue("CN=Root CA,O=OcspLab", _rootKey.PublicKey, "CN=Root CA,O=OcspLab", _rootKey, IsAuthority);
            Issuer = Issue("CN=Issuing CA,O=OcspLab", _key.PublicKey, Root.Subject, _rootKey, IsAuthority);
            var delegates = kind.CreateKey();
            _delegate = delegates.For(Issue("CN=OCSP,O=OcspLab", delegates.PublicKey, Issuer.Subject, _key, request =>
                {
                    request.CertificateExtensions.Add(
                        new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.9")], critical: false)
                    );
                    request.CertificateExtensions.Add(
                        new X509Extension("1.3.6.1.5.5.7.48.1.5", [0x05, 0x00], critical: false)
                    );
                }));
            _own = _key.For(Issuer);
            _response = Respond(Signed.ByDelegate);
        }

        public X509Certificate2 Root { get; }

        public X509Certificate2 Issuer { get; }

        public X509Certificate2 Leaf(PublicKey key) =>
            Issue("CN=www.example.test", key, Issuer.Subject, _key, request =>
            {
                var names = new SubjectAlternativeNameBuilder();
                names.AddDnsName("www.example.test");
                request.CertificateExtensions.Add(names.Build());
                request.CertificateExtensions.Add(
                    new X509AuthorityInformationAccessExtension(["http://ocsp.example.test"], [])
                );
            });

        public byte[] Respond(Signed by) => Respond(by, OcspSubject.FromSerial(0x4711, Issuer));

        public byte[] Respond(Signed by, X509Certificate2 leaf) =>
            Respond(by, OcspSubject.FromCertificate(leaf, Issuer));

        public void Verify()
        {
            var result = OcspVerifier.Verify(
                _response,
                OcspSubject.FromSerial(0x4711, Issuer),
                new VerificationPolicy(),
                Now
            );
            if (!result.TryGetStaple(out _, out var rejection))
                throw new BenchmarkException(rejection.ToString());
        }

        public void Dispose()
        {
            _rootKey.Dispose();
            _own.Dispose();
            _delegate.Dispose();
            Root.Dispose();
        }

        private byte[] Respond(Signed by, OcspSubject subject) =>
            OcspResponseBuilder.Build(
                [new OcspResponseEntry(subject.ToCertId(CertIdHash.Sha1), CertStatus.Good, Now, Now.AddDays(4))],
                by == Signed.ByAuthority ? _own : _delegate,
                Issuer,
                Now
            );

        private static X509Certificate2 Issue(
            string name,
            PublicKey key,
            string issuer,
            SignerKey issuerKey,
            Action<CertificateRequest> extend
        )
        {
            var request = new CertificateRequest(new X500DistinguishedName(name), key, HashAlgorithmName.SHA256);
            extend(request);
            var serial = RandomNumberGenerator.GetBytes(16);
            serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
            return request.Create(
                new X500DistinguishedName(issuer),
                issuerKey.Generator,
                Now.AddDays(-1),
                Now.AddDays(90),
                serial
            );
        }

        private static void IsAuthority(CertificateRequest request)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
            request.CertificateExtensions.Add(
                new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false)
            );
        }

        private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    }

    private enum Signed
    {
        ByAuthority,
        ByDelegate,
    }

    /// <summary>A key of any kind, and what is done with it here.</summary>
    private sealed record SignerKey(
        PublicKey PublicKey,
        X509SignatureGenerator Generator,
        Func<string> ExportPem,
        Func<X509Certificate2, OcspSigningKey> For,
        IDisposable Key
    ) : IDisposable
    {
        public void Dispose() => Key.Dispose();
    }

    private sealed record Kind(string Name, bool IsForServers, Func<SignerKey> CreateKey)
    {
        public static Kind Of(string name, PostQuantumAlgorithm algorithm, bool isForServers) =>
            new(name, isForServers, () =>
            {
                var key = PostQuantumKey.Generate(algorithm);
                return new SignerKey(
                    key.PublicKey,
                    key.CreateSignatureGenerator(),
                    key.ExportPem,
                    certificate => new OcspSigningKey(certificate, key),
                    key
                );
            });
    }

    private static readonly Kind Ecdsa = new("ECDSA P-256", true, () =>
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SignerKey(
            new PublicKey(key),
            X509SignatureGenerator.CreateForECDsa(key),
            key.ExportPkcs8PrivateKeyPem,
            certificate => new OcspSigningKey(certificate, key),
            key
        );
    });

    private static readonly Kind[] Kinds =
    [
        Ecdsa,
        Kind.Of("ML-DSA-44", PostQuantumAlgorithm.MLDsa44, true),
        Kind.Of("ML-DSA-65", PostQuantumAlgorithm.MLDsa65, true),
        Kind.Of("ML-DSA-87", PostQuantumAlgorithm.MLDsa87, true),
        Kind.Of("SLH-DSA-SHA2-128s", PostQuantumAlgorithm.SlhDsaSha2_128s, false),
        Kind.Of("SLH-DSA-SHA2-128f", PostQuantumAlgorithm.SlhDsaSha2_128f, false),
    ];

    // Ten segments of 1,460 octets (RFC 6928): what a server may send before the client acknowledges anything.
    private const int InitialWindow = 14_600;
    private const int Port = 8990;
    private static TimeSpan Length => Effort.IsQuick ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(3);

    [GeneratedRegex(@"SSL handshake has read (\d+) bytes")]
    private static partial Regex Read();
}
