[assembly: Trait("Ring", "program")]
