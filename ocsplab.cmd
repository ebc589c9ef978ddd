@echo off
rem Runs ocsplab out of this repository, and builds it first where it is not built.
setlocal
set project=%~dp0src\tool\OcspLab.Cli
set program=%project%\bin\Debug\net10.0\ocsplab.dll
if not exist "%program%" (
    echo building ocsplab, which takes a minute or two the first time 1>&2
    dotnet build "%project%" --configuration Debug --nologo --verbosity quiet 1>&2 || exit /b 70
)
set OCSPLAB_COMMAND=%~dp0ocsplab.cmd
dotnet "%program%" %*
exit /b %errorlevel%
