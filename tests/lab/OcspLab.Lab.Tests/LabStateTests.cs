using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.Lab.Tests;

public sealed class LabStateTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_lab_that_runs_is_found_and_one_that_ended_is_not()
    {
        using (LabState.Claim(new LabTopology { Directory = _folder.Path }))
            Assert.NotNull(LabState.RequireRunning(_folder.Path));
        Assert.Null(LabState.FindRunning(_folder.Path));
        var exception = Assert.Throws<LabException>(() => LabState.RequireRunning(_folder.Path));
        Assert.Contains("ocsplab up", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Root_leaves_nothing_behind_in_somebody_elses_lab()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "root is needed");
        LabState.Claim(new LabTopology { Directory = _folder.Path }).Dispose();
        var mark = _folder["lab.json"];
        File.WriteAllText(
            mark,
            File.ReadAllText(mark).Replace($"\"{Environment.UserName}\"", "\"alice\"", StringComparison.Ordinal)
        );
        var exception = Assert.Throws<LabException>(() => LabState.RequireOwn(_folder.Path));
        Assert.Equal(LabFailure.CannotCreate, exception.Failure);
        Assert.Contains("alice's", exception.Message, StringComparison.Ordinal);
        Assert.Throws<LabException>(() => LabState.Claim(new LabTopology { Directory = _folder.Path }));
    }
}
