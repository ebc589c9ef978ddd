using OcspLab.Lab.Nginx;

namespace OcspLab.Lab.Hosting;

/// <summary>An nginx of the lab.</summary>
/// <param name="Name">Its name in the topology.</param>
/// <param name="Port">Where it listens.</param>
/// <param name="Directory">Its prefix.</param>
/// <param name="Process">The nginx itself.</param>
/// <param name="Launcher">How it is run.</param>
internal sealed record LabNginx(string Name, int Port, string Directory, NginxProcess Process, INginxLauncher Launcher);
