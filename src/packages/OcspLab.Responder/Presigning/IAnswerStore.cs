namespace OcspLab.Responder.Presigning;

/// <summary>
/// Where answers outlive the process, by the bytes of their question. Nobody trusts what is read there.
/// </summary>
internal interface IAnswerStore
{
    /// <summary>What people call it.</summary>
    string Name { get; }

    /// <summary>Puts an answer there, whole or not at all.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    void Save(ReadOnlySpan<byte> question, ReadOnlySpan<byte> answer, DateTimeOffset thisUpdate);

    /// <summary>Takes an answer away, if there is one.</summary>
    /// <exception cref="IOException">It could not be deleted.</exception>
    void Remove(ReadOnlySpan<byte> question);

    /// <summary>What is there, verified by nobody.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    IEnumerable<(byte[] Question, byte[] Answer)> ReadAll();

    /// <summary>Takes away what a process left behind that was killed while it wrote.</summary>
    /// <exception cref="IOException">It could not be read or deleted.</exception>
    void RemoveUnfinished();
}
