using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Tokens;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Signers whose keys are in a PKCS#11 token: SoftHSM's.</summary>
[Trait("Ring", "program")]
public sealed class TokenTests(TokenTests.SoftHsm hsm) : IClassFixture<TokenTests.SoftHsm>, IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    [Theory, Trait("Rule", "R11")]
    [InlineData("rsa")]
    [InlineData("ecdsa")]
    public async Task A_key_in_a_token_signs_what_clients_believe(string kind)
    {
        await StartAsync(kind);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(Subject)).Status.Kind);
        // As many at once as there are turns, each with a session of its own.
        await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(async number =>
                {
                    var answer = await _bench.AskAsync(
                        new OcspRequest
                        {
                            CertIds = [Subject.ToCertId(CertIdHash.Sha1)],
                            Nonce = BitConverter.GetBytes(number),
                        }
                    );
                    Assert.Equal(OcspResponseStatus.Successful, answer.Status);
                })
        );
    }

    [Fact, Trait("Rule", "R41")]
    public async Task While_the_token_is_away_what_is_ready_is_given_until_its_end_and_health_says_so()
    {
        await StartAsync("ecdsa");
        var ready = await _bench.StapleAsync(Subject);
        // It is to be renewed, and cannot be.
        _bench.Clock.Advance(TimeSpan.FromHours(17));
        hsm.Hide();
        try
        {
            Assert.Equal(ready.Encoded.ToArray(), (await _bench.StapleAsync(Subject)).Encoded.ToArray());
            Assert.Equal(
                OcspResponseStatus.TryLater,
                (
                    await _bench.AskAsync(
                        ResponderBench.Question(OcspSubject.FromSerial(0x1268, _bench.Authority.Certificate))
                    )
                ).Status
            );
            Assert.Equal(HealthStatus.Unhealthy, await HealthAsync());
            Assert.Single(_bench.Log.GetSnapshot(), record => record.Id.Id == 2013);
            // Beyond its end nothing is left to say.
            _bench.Clock.Advance(TimeSpan.FromHours(8));
            Assert.Equal(OcspResponseStatus.TryLater, (await _bench.AskAsync(ResponderBench.Question(Subject))).Status);
        }
        finally
        {
            hsm.Show();
        }

        await Poll.UntilAsync(
            async () =>
            {
                _bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return (await _bench.AskAsync(ResponderBench.Question(Subject))).Status == OcspResponseStatus.Successful
                    && await HealthAsync() == HealthStatus.Healthy;
            },
            "the token is found again"
        );
    }

    [Fact, Trait("Rule", "R21")]
    public async Task Another_signer_stands_in_for_one_whose_token_is_away()
    {
        _bench.Settings["Authorities:test:Signers:1:Certificate"] = _bench.WriteSigner(
            "file.pem",
            _bench.Authority.Delegate()
        );
        await StartAsync("ecdsa");
        hsm.Hide();
        try
        {
            for (var serial = 1; serial <= 5; serial++)
            {
                _bench.Clock.Advance(TimeSpan.FromSeconds(1));
                Assert.Equal(
                    OcspResponseStatus.Successful,
                    (
                        await _bench.AskAsync(
                            ResponderBench.Question(OcspSubject.FromSerial(serial, _bench.Authority.Certificate))
                        )
                    ).Status
                );
            }

            Assert.Single(_bench.Log.GetSnapshot(), record => record.Id.Id == 2013);
            Assert.DoesNotContain(_bench.Log.GetSnapshot(), record => record.Id.Id == 2014);
        }
        finally
        {
            hsm.Show();
        }
    }

    [Fact, Trait("Rule", "R41")]
    public async Task Two_keys_of_a_token_that_was_lost_both_sign_again()
    {
        using var second = _bench.Authority.DelegateOf(hsm.PublicKeyOfOrSkip("rsa"));
        _bench.Settings["Authorities:test:Signers:1:Certificate"] = _bench.WriteCertificate("second.crt", second);
        _bench.Settings["Authorities:test:Signers:1:Key"] = hsm.UriOf("rsa");
        await StartAsync("ecdsa");
        hsm.Hide();
        try
        {
            Assert.Equal(OcspResponseStatus.TryLater, (await _bench.AskAsync(Single(1))).Status);
        }
        finally
        {
            hsm.Show();
        }

        await Poll.UntilAsync(
            async () =>
            {
                _bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return await SignsAsync("1.2.840.10045.4.3.2") && await SignsAsync("1.2.840.113549.1.1.11");
            },
            "both keys"
        );

        async Task<bool> SignsAsync(string algorithm) =>
            (await _bench.AskAsync(Single(2) with { PreferredSignatureAlgorithms = [new(algorithm)] }))
                .Basic
                ?.SignatureAlgorithm == algorithm;
    }

    [Fact, Trait("Rule", "R44")]
    public async Task A_file_of_a_revoked_certificate_goes_at_once_even_while_nothing_can_be_signed()
    {
        _bench.Settings["Authorities:test:Presign"] = "Listed";
        _bench.Settings["AnswerFolder"] = _bench.Folder["answers"];
        await StartAsync("ecdsa");
        await Poll.UntilAsync(() => Files.Length == 1, "the file");
        hsm.Hide();
        try
        {
            await _bench.Admin.RevokeAsync(
                "server",
                RevocationReason.KeyCompromise,
                TestContext.Current.CancellationToken
            );
            Assert.Empty(Files);
            // And what was signed before is not given any more.
            Assert.Equal(OcspResponseStatus.TryLater, (await _bench.AskAsync(ResponderBench.Question(Subject))).Status);
        }
        finally
        {
            hsm.Show();
        }
    }

    private string[] Files =>
        Directory.Exists(_bench.Folder["answers"])
            ? Directory.GetFiles(_bench.Folder["answers"], "*", SearchOption.AllDirectories)
            : [];

    private OcspRequest Single(int serial) =>
        ResponderBench.Question(OcspSubject.FromSerial(serial, _bench.Authority.Certificate));

    [Theory]
    [InlineData("object=nobody", "no private key 'nobody'")]
    [InlineData("object=ecdsa&pin", "CKR_PIN_INCORRECT")]
    [InlineData("object=ecdsa&token", "there is no such token")]
    [InlineData("object=ecdsa&module", "cannot be loaded")]
    public async Task What_is_wrong_with_a_token_stops_the_start_and_is_told_without_the_pin(string slip, string why)
    {
        var uri = hsm.UriOf("ecdsa");
        uri = slip switch
        {
            "object=nobody" => hsm.UriOf("nobody"),
            "object=ecdsa&pin" => uri.Replace("pin.txt", "wrong.txt", StringComparison.Ordinal),
            "object=ecdsa&token" => uri.Replace("token=ocsplab", "token=another", StringComparison.Ordinal),
            _ => uri.Replace("libsofthsm2.so", "libnothing.so", StringComparison.Ordinal),
        };
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("ecdsa", uri));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", refusal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pkcs11:object=a?module-path=/m.so", null)]
    [InlineData("pkcs11:token=a%20b;id=%01%ff;type=private?module-path=/m.so&pin-source=file:/p", null)]
    [InlineData("pkcs11:object=a", "module-path, the module's file, is missing")]
    [InlineData("pkcs11:token=a?module-path=/m.so", "object or id")]
    [InlineData("pkcs11:object=a?module-path=/m.so&pin-value=4711", "pin-source names the file")]
    [InlineData("pkcs11:object=a;object=b?module-path=/m.so", "'object' stands twice")]
    [InlineData("pkcs11:object=a;type=cert?module-path=/m.so", "type is private, not 'cert'")]
    [InlineData("pkcs11:colour=blue?module-path=/m.so", "'colour' is not an attribute")]
    [InlineData("pkcs11:", "module-path")]
    public void A_uri_names_a_key_or_what_is_wrong_with_it(string text, string? fault)
    {
        Assert.Equal(fault is null, Pkcs11Uri.TryParse(text, out var uri, out var why));
        if (fault is not null)
            Assert.Contains(fault, why!, StringComparison.Ordinal);
        else if (text.Contains("id=", StringComparison.Ordinal))
            Assert.Equal(("a b", "01FF", "/p"), (uri!.Token, Convert.ToHexString(uri.Id!), uri.PinFile));
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        hsm.Settle();
    }

    private OcspSubject Subject => OcspSubject.FromSerial(0x1267, _bench.Authority.Certificate);

    private async Task StartAsync(string kind, string? uri = null)
    {
        hsm.Require();
        using var delegated = _bench.Authority.DelegateOf(hsm.PublicKeyOf(kind));
        _bench.Settings["Authorities:test:IssuerCertificate"] = _bench.WriteCertificate(
            "issuer.crt",
            _bench.Authority.Certificate
        );
        _bench.Settings["Authorities:test:Signers:0:Certificate"] = _bench.WriteCertificate("ocsp.crt", delegated);
        _bench.Settings["Authorities:test:Signers:0:Key"] = uri ?? hsm.UriOf(kind);
        await _bench.Registry.RegisterAsync(
            new("server", "1267", TestAuthority.Now, TestAuthority.Now.AddDays(30)),
            TestContext.Current.CancellationToken
        );
        await _bench.StartAsync();
    }

    private async Task<HealthStatus> HealthAsync() =>
        (
            await _bench
                .Services.GetRequiredService<HealthCheckService>()
                .CheckHealthAsync(TestContext.Current.CancellationToken)
        ).Status;

    /// <summary>A token with an RSA and an EC key in it.</summary>
    public sealed class SoftHsm : IAsyncLifetime
    {
        private readonly TempFolder _folder = new();
        private string? _module;
        private bool _wasHidden;

        public async ValueTask InitializeAsync()
        {
            _module = Array.Find(Modules, File.Exists);
            if (_module is null || Tool.Find("softhsm2-util") is null)
                return;
            Directory.CreateDirectory(_folder["tokens"]);
            await File.WriteAllTextAsync(
                _folder["softhsm2.conf"],
                $"directories.tokendir = {_folder["tokens"]}\nobjectstore.backend = file\nlog.level = ERROR\n"
            );
            await File.WriteAllTextAsync(_folder["pin.txt"], "4711\n");
            await File.WriteAllTextAsync(_folder["wrong.txt"], "4712\n");
            // Of the C library's environment, where the module looks: the framework has one of its own.
            Assert.Equal(0, setenv("SOFTHSM2_CONF", _folder["softhsm2.conf"], 1));
            await RunAsync("--init-token", "--free", "--label", "ocsplab", "--pin", "4711", "--so-pin", "0815");
            using var rsa = RSA.Create(2048);
            using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            foreach (var (name, key) in ((string, AsymmetricAlgorithm)[])[("rsa", rsa), ("ecdsa", ecdsa)])
            {
                await File.WriteAllTextAsync(_folder[$"{name}.key"], key.ExportPkcs8PrivateKeyPem());
                await File.WriteAllTextAsync(_folder[$"{name}.pub"], key.ExportSubjectPublicKeyInfoPem());
                await RunAsync(
                    "--import",
                    _folder[$"{name}.key"],
                    "--token",
                    "ocsplab",
                    "--label",
                    name,
                    "--id",
                    name == "rsa" ? "01" : "02",
                    "--pin",
                    "4711"
                );
            }
        }

        public void Require() =>
            Assert.SkipWhen(_module is null || Tool.Find("softhsm2-util") is null, "softhsm2 is not installed");

        public string UriOf(string name) =>
            $"pkcs11:token=ocsplab;object={name}?module-path={_module}&pin-source=file:{_folder["pin.txt"]}";

        public PublicKey PublicKeyOfOrSkip(string name)
        {
            Require();
            return PublicKeyOf(name);
        }

        public PublicKey PublicKeyOf(string name)
        {
            var pem = File.ReadAllText(_folder[$"{name}.pub"]);
            if (name == "rsa")
            {
                using var rsa = RSA.Create();
                rsa.ImportFromPem(pem);
                return new PublicKey(rsa);
            }

            using var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(pem);
            return new PublicKey(ecdsa);
        }

        /// <summary>As if the token were pulled out.</summary>
        public void Hide() => Directory.Move(_folder["tokens"], _folder["elsewhere"]);

        public void Show()
        {
            Directory.Move(_folder["elsewhere"], _folder["tokens"]);
            _wasHidden = true;
        }

        /// <summary>The next test begins with a module that knows that its token is back.</summary>
        public void Settle()
        {
            while (_wasHidden && !TokenModule.Of(_module!).TryRestart())
                Thread.Sleep(TimeSpan.FromMilliseconds(50));
            _wasHidden = false;
        }

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task RunAsync(params string[] arguments)
        {
            var result = await Tool.RunAsync(
                "env",
                [$"SOFTHSM2_CONF={_folder["softhsm2.conf"]}", "softhsm2-util", .. arguments]
            );
            Assert.True(result.ExitCode == 0, result.Output + result.Error);
        }

        [DllImport("libc", ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int setenv(
            [MarshalAs(UnmanagedType.LPUTF8Str)] string name,
            [MarshalAs(UnmanagedType.LPUTF8Str)] string value,
            int overwrite
        );

        private static readonly string[] Modules =
        [
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
            "/opt/homebrew/lib/softhsm/libsofthsm2.so",
        ];
    }
}
