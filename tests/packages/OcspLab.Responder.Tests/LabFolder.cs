using OcspLab.Pki;
using OcspLab.Responder.Tests;
using OcspLab.Testing;

[assembly: AssemblyFixture(typeof(LabFolder))]

namespace OcspLab.Responder.Tests;

/// <summary>
/// A lab's certificates, made once for all: their keys are encrypted on the way, which is slow by intention.
/// </summary>
public sealed class LabFolder : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Lazy<string> _made;

    public LabFolder() =>
        _made = new Lazy<string>(() =>
        {
            Open(_folder.Path).Ensure();
            return _folder.Path;
        });

    /// <summary>The same certificates in another folder, for one who may change them.</summary>
    public LabPki CopyTo(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(_made.Value, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(_made.Value, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Open(folder);
    }

    public void Dispose() => _folder.Dispose();

    private static LabPki Open(string folder) =>
        new(folder, new PkiOptions { KeyAlgorithm = KeyAlgorithm.Ecdsa }, TimeProvider.System);
}
