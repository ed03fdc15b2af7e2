"""What must be true of a phone that has booted its image; run with `bitbake -c testimage ip270-image-dev`."""

from oeqa.core.decorator.depends import OETestDepends
from oeqa.runtime.case import OERuntimeTestCase


class PhoneTest(OERuntimeTestCase):
    """The phone, its kiosk and what they stand on."""

    def shell(self, command: str) -> str:
        """What the command prints on the device. Fails with it when the command fails."""
        status, output = self.target.run(command)
        self.assertEqual(status, 0, f"{command}: {output}")
        return output

    @OETestDepends(["ssh.SSHTest.test_ssh"])
    def test_phone_runs(self) -> None:
        """The phone has said by sd_notify that it is ready, and the kiosk runs beside it."""
        self.assertEqual(self.shell("systemctl is-active ip270.service ip270-kiosk.service").split(), ["active"] * 2)

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_devices(self) -> None:
        """The phone can list its devices as the board describes them."""
        self.assertIn("display", self.shell("ip270 devices --board ip270"))

    @OETestDepends(["ssh.SSHTest.test_ssh"])
    def test_system_is_read_only(self) -> None:
        """Nothing can be written to the system; /data can, in order."""
        self.assertIn("ro", self.shell("findmnt --noheadings --output OPTIONS /").split(","))
        options = self.shell("findmnt --noheadings --output OPTIONS /data").strip().split(",")
        self.assertIn("rw", options)
        self.assertNotIn("data=writeback", options)

    @OETestDepends(["ssh.SSHTest.test_ssh"])
    def test_identity_is_kept(self) -> None:
        """The machine's identity is the one on /data."""
        self.assertEqual(self.shell("cat /etc/machine-id"), self.shell("cat /data/machine-id"))

    @OETestDepends(["ssh.SSHTest.test_ssh"])
    def test_panel_has_no_console(self) -> None:
        """No log-in waits on the panel and the kernel writes elsewhere."""
        status, _ = self.target.run("systemctl is-active getty@tty1.service")
        self.assertNotEqual(status, 0)
        self.assertNotIn("tty0", self.shell("cat /sys/class/tty/console/active").split())

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_system_counts_as_good(self) -> None:
        """RAUC knows which system runs, and the phone has had the boot loader's count of its starts cleared."""
        booted = self.shell("rauc status --output-format=shell")
        self.assertIn("RAUC_SYSTEM_BOOTED_BOOTNAME", booted)
        name = self.shell("sed -n 's/.*rauc.slot=\\([AB]\\).*/\\1/p' /proc/cmdline").strip()
        self.assertIn(f"{name}_TRY=0", self.shell("grub-editenv /efi/EFI/BOOT/grubenv list").splitlines())

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_units_are_confined(self) -> None:
        """`systemd-analyze security` rates both units under 3.0."""
        for unit in ("ip270.service", "ip270-kiosk.service"):
            self.shell(f"systemd-analyze security --threshold=30 --no-pager {unit}")

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_no_secret_is_readable(self) -> None:
        """What the phone keeps is its own."""
        self.assertEqual(self.shell("stat -c %U:%a /var/lib/ip270").strip(), "ip270:700")
        self.assertEqual(self.shell("find /var/lib/ip270 -type f -perm /077").strip(), "")
