namespace OcspLab.Stapling.Refreshing;

/// <summary>Why a certificate gets a turn; each wants what the ones before it want, and more.</summary>
internal enum RefreshReason
{
    /// <summary>Another instance has put a newer response into the store: nobody is asked but the store.</summary>
    Heard,

    /// <summary>Its time has come: what is in the store will do, else the source is asked.</summary>
    Due,

    /// <summary>Somebody wants the source itself asked, whatever the store has.</summary>
    Asked,
}
