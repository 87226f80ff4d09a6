"""The forms with which a party signs: a key file, a token, a seal on a platform, or a file signed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.documents.certificates.signers import LARGEST_FILE

from .plain import PlainCharField, PlainForm


class SignatoryForm(PlainForm):
    """Who signs. `namesake` and `other_name` are asked only where they matter (see `ask_only`)."""

    signatory = PlainCharField(
        label=gettext_lazy("签名人"),
        max_length=60,
        help_text=gettext_lazy("代表单位签名的人，一般是负责人。名字会印在签名的图样里。"),
    )
    capacity = PlainCharField(
        label=gettext_lazy("职务"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("例如主任、局长，可以不填。"),
    )
    namesake = forms.BooleanField(label=gettext_lazy("确系同名的另一个人"), required=False)
    other_name = forms.BooleanField(
        label=gettext_lazy("已核实：这张证书属于本单位（例如单位改过名称）"), required=False
    )

    def ask_only(self, *names: str) -> None:
        """Leave out what nobody has to answer here: questions that no error and no earlier answer has raised."""
        for name in ("namesake", "other_name"):
            if name not in names and name not in self.errors and not self.data.get(name):
                self.fields.pop(name, None)

    def ask_nothing_more(self) -> None:
        """Leave out what only people with an account may confirm."""
        for name in ("namesake", "other_name"):
            del self.fields[name]


class KeyFileForm(SignatoryForm):
    """A PKCS#12 file with its password, and the picture of the seal. Key and password are used once and kept nowhere."""

    key = forms.FileField(
        label=gettext_lazy("证书文件"),
        help_text=gettext_lazy(
            "带私钥的 .pfx 或 .p12 文件，不超过 1 MB。只在内存里用这一次，不保存、不进日志；签名没有成功的，须重新选择。"
        ),
        widget=forms.FileInput(attrs={"accept": ".pfx,.p12"}),
        error_messages={"empty": gettext_lazy("这个文件是空的，请重新选择")},
    )
    password = forms.CharField(
        label=gettext_lazy("证书文件的密码"),
        max_length=200,
        strip=False,
        required=False,
        help_text=gettext_lazy("发证机构或者您导出证书时设的密码。不保存。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    picture = forms.FileField(
        label=gettext_lazy("印章图片"),
        required=False,
        help_text=gettext_lazy("可以不选。PNG 或 JPEG，白底会去掉，不超过 2 MB；只是图样，效力在证书。"),
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg"}),
        error_messages={"empty": gettext_lazy("这个文件是空的，请重新选择")},
    )
    kept_picture = forms.CharField(required=False, widget=forms.HiddenInput)

    field_order = ("signatory", "capacity", "namesake", "key", "other_name", "password", "picture")

    def clean_key(self) -> bytes:
        """The content; nothing else of the upload is of use."""
        file = self.cleaned_data["key"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("证书文件超过 1 MB，不像是证书文件。请选择 .pfx 或 .p12 文件"))
        return cast(bytes, file.read())


class TokenForm(SignatoryForm):
    """A token at the server, by its name and PIN."""

    token = PlainCharField(
        label=gettext_lazy("密码设备的名称"), max_length=60, help_text=gettext_lazy("设备的标签（label）。")
    )
    pin = forms.CharField(
        label=gettext_lazy("PIN"),
        max_length=60,
        strip=False,
        help_text=gettext_lazy("只用这一次，不保存。连续输错会锁住设备。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("signatory", "capacity", "namesake", "token", "other_name", "pin")


class SealForm(SignatoryForm):
    """A seal that the platform keeps."""

    seal = forms.ChoiceField(
        label=gettext_lazy("印章"),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("请选择一枚印章")},
    )

    def __init__(self, *args: Any, seals: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["seal"]).choices = list(seals)


class SignedPdfForm(SignatoryForm):
    """A file that was signed elsewhere; one that was taken in already need not be chosen again."""

    pdf = forms.FileField(
        label=gettext_lazy("签好的 PDF"),
        required=False,
        help_text=gettext_lazy(
            "在本页下载的那份文件上签名后原样上传，不要打印、另存或者压缩。不超过 50 MB。"
        ),
        widget=forms.FileInput(attrs={"accept": ".pdf"}),
    )

    field_order = ("pdf", "other_name", "signatory", "capacity", "namesake")


class AttestationForm(PlainForm):
    """A CMS with SM2 over the canonical content of a version."""

    cms = forms.FileField(
        label=gettext_lazy("国密签名文件"),
        help_text=gettext_lazy(".p7s、.sig 或 .p7b，PKCS#7/CMS 格式（DER 或 PEM），不超过 1 MB。"),
        widget=forms.FileInput(attrs={"accept": ".p7s,.sig,.p7b,.p7m,.der,.pem"}),
        error_messages={"empty": gettext_lazy("这个文件是空的，请重新选择")},
    )

    def clean_cms(self) -> bytes:
        """The content."""
        file = self.cleaned_data["cms"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("签名文件超过 1 MB，不像是签名文件。请检查是不是选错了文件"))
        return cast(bytes, file.read())


class Sm2KeyForm(PlainForm):
    """An SM2 key with its certificate, and the password; used once and kept nowhere."""

    key = forms.FileField(
        label=gettext_lazy("国密密钥文件"),
        help_text=gettext_lazy(
            "PEM 文件，里面既有私钥（PKCS#8），也有证书，不超过 1 MB。只在内存里用这一次，不保存；没有签成的，须重新选择。"
        ),
        widget=forms.FileInput(attrs={"accept": ".pem,.key"}),
        error_messages={"empty": gettext_lazy("这个文件是空的，请重新选择")},
    )
    password = forms.CharField(
        label=gettext_lazy("密钥文件的密码"),
        max_length=200,
        strip=False,
        required=False,
        help_text=gettext_lazy("不保存。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean_key(self) -> bytes:
        """The content."""
        file = self.cleaned_data["key"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("密钥文件超过 1 MB，不像是密钥文件。请选择 PEM 文件"))
        return cast(bytes, file.read())
