namespace OcspLab.Comparison.Clients;

/// <summary>A situation that a client is put into.</summary>
/// <param name="Name">One word.</param>
/// <param name="Title">For people.</param>
internal sealed record ClientCase(string Name, string Title)
{
    /// <summary>Whether the certificate demands a staple (RFC 7633).</summary>
    public bool IsMustStaple { get; init; }

    /// <summary>Whether the certificate is revoked.</summary>
    public bool IsRevoked { get; init; }

    /// <summary>What the server has in its handshake.</summary>
    public required CaseStaple Staple { get; init; }

    /// <summary>Whether clients can ask the responder.</summary>
    public required CaseResponder Responder { get; init; }

    /// <summary>A stapled site whose responder is down.</summary>
    public const string GoodDown = "goodDown";

    /// <summary>A site without a staple.</summary>
    public const string GoodUnstapled = "goodUnstapled";

    /// <summary>A site without a staple whose responder is down.</summary>
    public const string GoodUnstapledDown = "goodUnstapledDown";

    /// <summary>
    /// All of them. Those whose certificate is good and whose responder is down are the article's claim about
    /// availability.
    /// </summary>
    public static IReadOnlyList<ClientCase> All { get; } =
    [
        new("good", "good, stapled") { Staple = CaseStaple.Right, Responder = CaseResponder.Up },
        new(GoodDown, "good, stapled; responder down") { Staple = CaseStaple.Right, Responder = CaseResponder.Down },
        new(GoodUnstapled, "good, no staple") { Staple = CaseStaple.None, Responder = CaseResponder.Up },
        new(GoodUnstapledDown, "good, no staple; responder down")
        {
            Staple = CaseStaple.None,
            Responder = CaseResponder.Down,
        },
        new("revoked", "revoked, stapled")
        {
            IsRevoked = true,
            Staple = CaseStaple.Right,
            Responder = CaseResponder.Up,
        },
        new("revokedUnstapled", "revoked, no staple")
        {
            IsRevoked = true,
            Staple = CaseStaple.None,
            Responder = CaseResponder.Up,
        },
        new("revokedUnstapledDown", "revoked, no staple; responder down")
        {
            IsRevoked = true,
            Staple = CaseStaple.None,
            Responder = CaseResponder.Down,
        },
        new("mustStaple", "must-staple, stapled; responder down")
        {
            IsMustStaple = true,
            Staple = CaseStaple.Right,
            Responder = CaseResponder.Down,
        },
        new("mustStapleUnstapled", "must-staple, no staple")
        {
            IsMustStaple = true,
            Staple = CaseStaple.None,
            Responder = CaseResponder.Up,
        },
        new("expired", "good, staple expired an hour ago")
        {
            Staple = CaseStaple.Expired,
            Responder = CaseResponder.Up,
        },
        new("expiredDown", "good, staple expired an hour ago; responder down")
        {
            Staple = CaseStaple.Expired,
            Responder = CaseResponder.Down,
        },
        new("tryLater", "good, tryLater stapled; responder down")
        {
            Staple = CaseStaple.TryLater,
            Responder = CaseResponder.Down,
        },
    ];
}

/// <summary>What a server has in its handshake.</summary>
internal enum CaseStaple
{
    /// <summary>The responder's current answer, stapled by Kestrel with this project's library.</summary>
    Right,

    /// <summary>Nothing: Kestrel without any stapling.</summary>
    None,

    /// <summary>
    /// An answer past its nextUpdate, which only nginx with <c>ssl_stapling_file</c> can be made to send.
    /// </summary>
    Expired,

    /// <summary>The error <em>tryLater</em> (RFC 6960 §2.3), from nginx too.</summary>
    TryLater,
}

/// <summary>Whether clients can ask the responder.</summary>
internal enum CaseResponder
{
    /// <summary>They can.</summary>
    Up,

    /// <summary>It hangs up on whoever asks about the certificate.</summary>
    Down,
}
