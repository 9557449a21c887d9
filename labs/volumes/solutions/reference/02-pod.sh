cat diary.yaml writer.yaml
kubectl apply -f diary.yaml
kubectl get pvc diary
kubectl apply -f writer.yaml
kubectl wait --for=condition=Ready pod/writer --timeout=60s
kubectl get pvc diary
kubectl exec writer -- sh -c 'echo {{params.word}} > /diary/day'
kubectl delete pod writer --now
cat > reader.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: reader
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    volumeMounts:
    - name: diary
      mountPath: /diary
      readOnly: true
  volumes:
  - name: diary
    persistentVolumeClaim:
      claimName: diary
END
kubectl apply -f reader.yaml
kubectl wait --for=condition=Ready pod/reader --timeout=60s
kubectl exec reader -- cat /diary/day
kubectl exec reader -- touch /diary/mine
