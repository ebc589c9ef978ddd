using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Hosting;

/// <summary>
/// What is known of every part of the lab, in order, and who wants to be told. Safe for use from several threads.
/// </summary>
public sealed class LabBoard
{
    private readonly Lock _gate = new();
    private readonly List<LabResource> _resources =
    [
        .. LabTopology.Resources.Select(name => new LabResource(name, null, LabResourceState.Waiting, "")),
    ];

    /// <summary>A part is no longer as it was. Raised on any thread, one change at a time.</summary>
    public event Action<LabResource>? Changed;

    /// <summary>One line on what goes on. Raised on any thread.</summary>
    public event Action<string>? Said;

    /// <summary>Every part, in order.</summary>
    public IReadOnlyList<LabResource> Resources
    {
        get
        {
            lock (_gate)
                return [.. _resources];
        }
    }

    /// <summary>One part.</summary>
    /// <exception cref="InvalidOperationException">The lab has no such part.</exception>
    public LabResource this[string name] => Resources.First(resource => resource.Name == name);

    /// <summary>Puts down how a part is, a new one at the end; nobody is told what they know.</summary>
    public void Set(LabResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        lock (_gate)
        {
            if (_resources.All(known => known.Name != resource.Name))
                _resources.Add(new LabResource(resource.Name, null, LabResourceState.Waiting, ""));
            Change(resource.Name, _ => resource);
        }
    }

    /// <summary>Puts down a part's state, and what there is to say of it.</summary>
    public void Set(string name, LabResourceState state, string detail = "") =>
        Change(name, known => known with { State = state, Detail = detail });

    /// <summary>Tells who listens.</summary>
    public void Say(string line) => Said?.Invoke(line);

    private void Change(string name, Func<LabResource, LabResource> change)
    {
        lock (_gate)
        {
            var index = _resources.FindIndex(known => known.Name == name);
            var changed = change(_resources[index]);
            if (_resources[index] == changed)
                return;
            _resources[index] = changed;
            Changed?.Invoke(changed);
        }
    }
}
