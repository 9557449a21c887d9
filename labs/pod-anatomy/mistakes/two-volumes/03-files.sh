kubectl delete pod diary --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: diary
spec:
  containers:
  - name: writer
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args: ["while sleep 1; do echo entry $((n += 1)) >> /var/log/diary.log; done"]
    volumeMounts:
    - name: mine
      mountPath: /var/log
  - name: reader
    image: podlab.dev/toolbox:v1
    args: ["tail", "-F", "/var/log/diary.log"]
    volumeMounts:
    - name: logs
      mountPath: /var/log
  volumes:
  - name: mine
    emptyDir: {}
  - name: logs
    emptyDir: {}
END
