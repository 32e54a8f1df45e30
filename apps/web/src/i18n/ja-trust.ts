/** Japanese: the texts about whose devices are whose. */
export const jaTrust = {
  'trust.verify': '確認する',
  'trust.verify_label': '{name}さんを確認する',
  'trust.title': '{name}さんを確認する',
  'trust.state.verified': '確認済み',
  'trust.state.unverified': 'まだ確認していません',
  'trust.state.changed': '安全番号が変わりました',
  'trust.state.broken': '端末の一覧が合いません',
  'trust.state.unknown': '端末はまだわかりません',
  'trust.hint.verified': '{name}さんと安全番号を照合しました。',
  'trust.hint.verified_at': '{date} に {name}さんと安全番号を照合しました。',
  'trust.hint.unverified': '間に誰もいないことを確かめるため、一度 {name}さんと番号を照合してください。',
  'trust.hint.changed':
    '以前{name}さんを確認しましたが、番号が変わりました。どの端末にも承認されていない端末が加わったか、すべての端末が替わりました。{name}さんに尋ねて、新しい番号を照合してください。',
  'trust.hint.broken':
    'サーバーにある {name}さんの端末の一覧が、この端末がこれまでに見たものの続きになっていません。サーバーが古いバックアップから復元されたか、誰かが書き換えたかのどちらかです。その後に加わった端末は入れません。サーバーの管理者に尋ねてください。復元されたのであれば、はじめからやり直して番号を照合してください。',
  'trust.hint.unknown': '{name}さんが一度 Pipit を開き、接続があれば、番号が表示されます。',
  'trust.begin_anew': 'はじめからやり直す',
  'trust.number': '安全番号',
  'trust.how':
    '{name}さんに会うか電話をして、二人ともこの画面を開いてください。12 の組がどちらも同じなら、間には誰もいません。',
  'trust.copy': '番号をコピー',
  'trust.copied': '番号をコピーしました。',
  'trust.code': 'あなたのコード',
  'trust.code.hint': '{name}さんがあなたの画面から読み取れます。',
  'trust.scan': '相手のコードを読み取る',
  'trust.scan.stop': '読み取りをやめる',
  'trust.scan.aim': '{name}さんの画面のコードにカメラを向けてください。',
  'scan.starting': 'カメラを起動しています…',
  'scan.no_camera':
    'カメラを使えません。ブラウザーの設定でこのページに許可するか、カメラなしで続けてください。',
  'trust.scan.not_a_code':
    'このコードは種類が違います。{name}さんに「確認する」を開いてコードを見せてもらってください。',
  'trust.mark': '確認済みにする',
  'trust.take_back': '取り消す',
  'trust.differs': '番号が違う',
  'trust.match': 'コードが一致しました。あなたと {name}さんの間には誰もいません。',
  'trust.mismatch': '番号が違います',
  'trust.mismatch.text':
    'まず {name}さんがあなたとのチャットを開いていて、二人とも接続があることを確かめ、もう一度照合してください。それでも違うなら、誰かが読んでいるかもしれません。ほかの人に見られて困ることはここに書かないでください。二人とも設定の「端末」を見て、知らないものをサインアウトし、サーバーの管理者に尋ねてください。',
  'trust.devices': '{name}さんの端末',
  'trust.device': '端末 {number}',
  'trust.since': '{date} から',
  'trust.by.first': '最初の端末',
  'trust.by.device': '端末 {number} が承認',
  'trust.by.gone': '今はない端末が承認',
  'trust.by.recovery': '復元コードで承認',
  'trust.by.nobody': 'ほかのどの端末も承認していません',

  'devices.first': '最初の端末',
  'devices.approved_by': '{name} が承認',
  'devices.approved_gone': '今はない端末が承認',
  'devices.approved_recovery': '復元コードで承認',
  'devices.unapproved': '未承認',
  'devices.warning.title': '承認されていない端末があります',
  'devices.warning.text':
    'ほかのどの端末も承認していないため、やり取りしている人には、あなたの安全番号が変わったと表示されます。あなたの端末なら承認してください。知らない端末なら、サインアウトしてパスワードを変えてください。',
  'devices.this.title': 'この端末はまだ承認されていません',
  'devices.this.text':
    '以前から使っている端末で「設定」、「端末」の順に開き、「承認」を選んで、このコードを照合してください。',
  'devices.code': 'この端末のコード',
  'devices.approve': '承認',
  'devices.approve_label': '{name} を承認',
  'devices.approve.title': '{name} を承認しますか?',
  'devices.approve.text':
    '{name} で「設定」、「端末」の順に開くと、コードが表示されます。このコードと同じときだけ承認してください。',
  'devices.approve.letters': '文字が表示されている：入力または読み取り',
  'devices.approve.done': '{name} を承認しました。',
  'devices.broken.title': '自分の端末の一覧が合いません',
  'devices.broken.text':
    'サーバーの一覧が、この端末がこれまでに見たものの続きになっていません。サーバーが古いバックアップから復元されたか、誰かが書き換えたかのどちらかです。その後に加わった端末は、暗号化されたチャットに入れません。サーバーの管理者に尋ねてください。復元されたのであれば、はじめからやり直してください。',
} as const;
