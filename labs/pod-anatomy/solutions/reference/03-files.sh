kubectl logs diary -c reader
kubectl exec diary -c writer -- ls -l /var/log
kubectl exec diary -c reader -- ls -l /var/log
kubectl describe pod diary
cat > diary.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: diary
spec:
  containers:
  - name: writer
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args:
    - |
      n=0
      while true; do
        n=$((n + 1))
        echo entry $n >> /var/log/diary.log
        sleep 1
      done
    volumeMounts:
    - name: logs
      mountPath: /var/log
  - name: reader
    image: podlab.dev/toolbox:v1
    args: ["tail", "-F", "/var/log/diary.log"]
    volumeMounts:
    - name: logs
      mountPath: /var/log
  volumes:
  - name: logs
    emptyDir: {}
END
kubectl delete pod diary --now
kubectl apply -f diary.yaml
